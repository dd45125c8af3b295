import Testing

@testable import Engine

@Suite struct EnvironmentTests {
    /// getenv(3) takes the first of two, the shell the last: there is one.
    @Test func aLaterEntryReplacesAnEarlierOne() {
        #expect(Environment(["A=placeholder", "B=1", "A=secret"]).entries == ["A=secret", "B=1"])
        #expect(Environment(["AB=1", "A=2", "A"]).entries == ["AB=1", "A"])
        #expect(Environment().entries.isEmpty)
    }
}
