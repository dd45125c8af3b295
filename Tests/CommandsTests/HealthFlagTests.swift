import Core
import Engine
import Testing

@testable import Commands

@Suite struct HealthFlagTests {
    private func request(_ words: String...) throws -> RunRequest {
        let (command, operands) = try RunCommand.parse((words + ["sh"])[...])
        return try command.request(words: operands) { _ in nil }
    }

    private func complaint(_ words: String...) -> String? {
        do {
            let (command, operands) = try RunCommand.parse((words + ["sh"])[...])
            _ = try command.request(words: operands) { _ in nil }
            return nil
        } catch let error as OperationError { return error.description } catch { return "\(error)" }
    }

    @Test func eachFlag() throws {
        let check = try #require(
            try request(
                "--health-cmd", "curl -f localhost", "--health-interval=1m30s", "--health-timeout", "500ms",
                "--health-start-period", "2s", "--health-start-interval", "100ms", "--health-retries=5"
            ).healthCheck)
        #expect(check.test == ["CMD-SHELL", "curl -f localhost"])
        #expect(check.interval == 90_000_000_000 && check.timeout == 500_000_000 && check.startPeriod == 2_000_000_000)
        #expect(check.startInterval == 100_000_000 && check.retries == 5)
    }

    @Test func nothingSaidLeavesItToTheImage() throws {
        #expect(try request().healthCheck == nil)
        #expect(try request("--health-cmd", "").healthCheck == nil)
        #expect(try request("--health-interval", "0").healthCheck == nil)
        #expect(try request("--health-interval", "1s").healthCheck?.test == [])
        #expect(try request("--no-healthcheck").healthCheck?.test == ["NONE"])
    }

    @Test func dockersRefusals() {
        #expect(
            complaint("--no-healthcheck", "--health-cmd", "x") == "--no-healthcheck conflicts with --health-* options")
        #expect(complaint("--health-interval", "-1s") == "--health-interval cannot be negative")
        #expect(complaint("--health-retries", "-1") == "--health-retries cannot be negative")
        for words in [["--health-interval", ""], ["--health-timeout", "5"], ["--health-retries", "x"]] {
            #expect(throws: UsageError.self, "\(words)") { try RunCommand.parse((words + ["sh"])[...]) }
        }
    }

    @Test func readinessNeedsTheBackground() throws {
        #expect(complaint("--ready", "tcp:80") == "--ready needs --detach")
        #expect(complaint("-d", "--ready-timeout", "5") == "--ready-timeout needs --ready")
        #expect(complaint("--replace") == "cannot replace container without --name being set")
        #expect(try request("-d", "--ready", "tcp:80", "--ready-timeout", "5").readiness == .listening(80))
        #expect(
            try RunCommand.parse(["-d", "--ready", "healthy", "--ready-timeout", "1m", "sh"]).command.patience == 60_000
        )
        #expect(try request("-d", "--ready", "").readiness == nil)
        #expect(try request("--timeout", "0").timeLimit == nil)
        #expect(try request("--timeout", "9").timeLimit == 9)
    }
}
