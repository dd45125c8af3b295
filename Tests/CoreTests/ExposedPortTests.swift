import Testing

@testable import Core

@Suite struct ExposedPortTests {
    private func parse(_ texts: String...) throws -> [PublishRequest] {
        try texts.map { text in try PublishRequest(parsing: text) }
    }

    /// `-P`: what is bound to one address must not be open at all of them.
    @Test func onlyWhatIsNotBoundIsPublished() throws {
        let bound = try parse("127.0.0.1:8000:90", "7000-7002:70-72/udp")
        let published = try bound.exposing(["90/tcp", "71/udp", "71", "80/tcp", "80", "90/udp", "72-73/udp"])
        let free = try parse("71", "80", "90/udp", "73/udp")
        #expect(published == bound + free)
        #expect(try bound.exposing([]) == bound)
    }

    @Test func whatIsNoPortIsRefused() {
        #expect(throws: OperationError.self) { try [PublishRequest]().exposing(["x/tcp"]) }
    }
}
