import Core
import Forms
import Testing

/// How well a container is, in Docker's words.
@Suite struct HealthFormTests {
    private func health(_ codes: Int32...) -> ContainerHealth {
        var health = ContainerHealth()
        for code in codes {
            let probe = HealthProbe(
                start: Example.seconds(later: 1), end: Example.seconds(later: 2), exitCode: code, output: "said\n")
            health.note(probe, HealthCheck(), started: Example.moment)
        }
        return health
    }

    @Test func inspectTellsTheLog() throws {
        var definition = try Example.definition()
        definition.healthCheck = HealthCheck()
        definition.healthCheck?.test = ["CMD-SHELL", "probe"]
        definition.healthCheck?.interval = 5
        var details = Example.details(definition, .running(since: Example.moment), Example.running)
        details.health = health(0, 3)
        try expect(
            details.inspected["State"]?["Health"],
            is: #"""
                {"Status": "healthy", "FailingStreak": 1, "Log": [
                {"Start": "2023-11-14T22:13:21.000000000Z", "End": "2023-11-14T22:13:22.000000000Z", "ExitCode": 0,
                "Output": "said\n"},
                {"Start": "2023-11-14T22:13:21.000000000Z", "End": "2023-11-14T22:13:22.000000000Z", "ExitCode": 3,
                "Output": "said\n"}]}
                """#)
        try expect(
            details.inspected["Config"]?["Healthcheck"], is: #"{"Test": ["CMD-SHELL", "probe"], "Interval": 5}"#)
        let without = Example.details(try Example.definition(), .running(since: Example.moment), Example.running)
        #expect(without.inspected.withoutOmitted["State"]?["Health"] == nil)
        #expect(without.inspected.withoutOmitted["Config"]?["Healthcheck"] == nil)
    }

    @Test func psTellsItBehindTheTime() throws {
        var container = ContainerSummary(
            id: try Example.id("4f"), name: "web", image: "nginx:1", command: ["nginx"], created: Example.moment,
            phase: .running(since: Example.moment), ports: [], address: nil, pid: 42, networks: [], labels: [:])
        for (health, text): (ContainerHealth.Status?, String) in [
            (nil, "Up 9 seconds"), (.starting, "Up 9 seconds (health: starting)"), (.healthy, "Up 9 seconds (healthy)"),
            (.unhealthy, "Up 9 seconds (unhealthy)"),
        ] {
            container.health = health
            #expect(container.row(now: Example.seconds(later: 9), isWhole: false).text("Status") == text)
        }
        container.phase = .paused(since: Example.moment)
        #expect(container.row(now: Example.seconds(later: 9), isWhole: false).text("Status") == "Up 9 seconds (Paused)")
    }
}
