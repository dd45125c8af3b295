import Core
import Linux
import Testing

@testable import Networking

/// Ports that go along with a container from one network to another, on this host's own loopback address.
@Suite struct PortTakingTests {
    private func reserve(
        _ texts: [String], keeping held: [PortReservation.Held] = []
    ) throws(OperationError) -> PortReservation {
        var requests: [PublishRequest] = []
        for text in texts { requests.append(try PublishRequest(parsing: text)) }
        return try PortReservation(
            requests, device: "", families: [.ipv4], keeping: held, isReleased: { _, _ in false },
            holder: { _, _ in "somebody" })
    }

    /// The first of so many ports in a row that nobody has.
    private func free(_ count: Int) throws -> Int {
        for _ in 0..<200 {
            let first = Int.random(in: 20_000..<32_000)
            if (try? reserve(["127.0.0.1:\(first)-\(first + count - 1):1-\(count)"])) != nil { return first }
        }
        throw OperationError("find free ports")
    }

    @Test func aRangeStaysWhole() throws {
        let first = try free(3)
        let texts = ["127.0.0.1:\(first)-\(first + 2):9000-9002"]
        let before = try reserve(texts)
        // Without them they are taken: by itself.
        #expect(throws: OperationError.self) { _ = try self.reserve(texts) }
        let after = try reserve(texts, keeping: before.held())
        #expect(
            after.mappings == before.mappings && after.mappings.map(\.hostPort) == (0...2).map { UInt16(first + $0) })
        #expect(after.sockets.count == 3)
        let ports = after.mappings.map(\.hostPort)
        _ = consume before
        // They are held still.
        #expect(throws: OperationError.self) { _ = try self.reserve(texts) }
        #expect(after.mappings.map(\.hostPort) == ports)
    }

    /// One of a range: not another one because the first has become free since.
    @Test func theOneThatWasChosenStays() throws {
        let first = try free(3)
        let taken = try reserve(["127.0.0.1:\(first):7"])
        let text = "127.0.0.1:\(first)-\(first + 2):80"
        let before = try reserve([text])
        #expect(before.mappings.map(\.hostPort) == [UInt16(first + 1)])
        #expect(taken.mappings.count == 1)
        _ = consume taken
        #expect(try reserve([text], keeping: before.held()).mappings == before.mappings)
        // Whoever has nothing gets the first.
        #expect(try reserve([text]).mappings.map(\.hostPort) == [UInt16(first)])
    }

    @Test func portsOfTheKernelsChoiceStay() throws {
        let texts = ["127.0.0.1::80", "127.0.0.1::80", "127.0.0.1::81/udp"]
        let before = try reserve(texts)
        let after = try reserve(texts, keeping: before.held())
        #expect(after.mappings == before.mappings && Set(after.mappings.map(\.hostPort)).count >= 2)
        // What is not asked for any more is not kept, and what is new is chosen anew.
        let fewer = try reserve(["127.0.0.1::81/udp", "127.0.0.1::82"], keeping: after.held())
        #expect(fewer.mappings.first == before.mappings.last)
        #expect(fewer.mappings.map(\.containerPort) == [81, 82])
    }
}
