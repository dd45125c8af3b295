import Core
import Testing

@testable import Images

/// `HEALTHCHECK` of a Dockerfile.
@Suite struct HealthInstructionTests {
    private func config(_ changes: String...) throws -> ImageConfig {
        var config = ImageConfig()
        try ConfigChange.apply(changes, to: &config)
        return config
    }

    @Test func eachForm() throws {
        #expect(try config("HEALTHCHECK NONE").healthCheck?.test == ["NONE"])
        #expect(
            try config("HEALTHCHECK CMD curl -f x || exit 1").healthCheck?.test == ["CMD-SHELL", "curl -f x || exit 1"])
        let whole = try #require(
            try config("healthcheck --interval=5s --retries=2 --start-period=1m  cmd [\"a\", \"b c\"]").healthCheck)
        #expect(whole.test == ["CMD", "a", "b c"] && whole.interval == 5_000_000_000 && whole.retries == 2)
        #expect(whole.startPeriod == 60_000_000_000)
        let config = try config("HEALTHCHECK --timeout=3s CMD true")
        #expect(try ImageConfig(config.json) == config)
    }

    @Test(
        arguments: [
            "", "CMD", "NONE x", "true", "--interval CMD true", "--retries=0 CMD true", "--x=1s CMD true",
            "--timeout=-1s CMD true", "--timeout=1us CMD true",
        ])
    func others(argument: String) {
        #expect(throws: OperationError.self) { try config("HEALTHCHECK \(argument)") }
    }
}
