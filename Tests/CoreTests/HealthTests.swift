import Core
import Testing

/// The rules by which checks make a container healthy or not (Docker's daemon/health.go).
@Suite struct HealthTests {
    private let second: Int64 = 1_000_000_000
    private let began = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    private func probe(_ code: Int32, after seconds: Int64 = 100) -> HealthProbe {
        let start = Timestamp(nanoseconds: began.nanoseconds + seconds * second)
        return HealthProbe(start: start, end: start, exitCode: code, output: "said \(code)")
    }

    private func health(_ probes: [HealthProbe], _ change: (inout HealthCheck) -> Void = { _ in }) -> ContainerHealth {
        var check = HealthCheck()
        change(&check)
        var health = ContainerHealth()
        for probe in probes { health.note(probe, check, started: began) }
        return health
    }

    @Test func itStartsAndOneSuccessIsEnough() {
        #expect(ContainerHealth().status == .starting)
        let well = health([probe(1), probe(0)])
        #expect(well.status == .healthy && well.failingStreak == 0 && well.log.map(\.exitCode) == [1, 0])
    }

    @Test func threeFailuresInARowMakeItUnhealthy() {
        #expect(health([probe(1), probe(2)]).status == .starting)
        #expect(health([probe(1), probe(2), probe(-1)]).status == .unhealthy)
        let twice = health([probe(0), probe(1), probe(1)])
        #expect(twice.status == .healthy && twice.failingStreak == 2)
        #expect(health([probe(0), probe(1), probe(1), probe(0), probe(1), probe(1)]).status == .healthy)
        let long = health([probe(1), probe(1), probe(1), probe(1)])
        #expect(long.status == .unhealthy && long.failingStreak == 4)
        #expect(health([probe(1)]) { $0.retries = 1 }.status == .unhealthy)
        #expect(health([probe(1), probe(1), probe(1), probe(0)]).status == .healthy)
    }

    /// Of one that was healthy already they count.
    @Test func failuresOfTheStartPeriodDoNotCount() {
        let early = [probe(1, after: 1), probe(1, after: 2), probe(1, after: 3), probe(1, after: 9)]
        let starting = health(early) { $0.startPeriod = 10 * second }
        #expect(starting.status == .starting && starting.failingStreak == 0 && starting.log.count == 4)
        #expect(health(early + [probe(1, after: 10)]) { $0.startPeriod = 10 * second }.failingStreak == 1)
        let fallen = health([probe(0, after: 1)] + early) { $0.startPeriod = 10 * second }
        #expect(fallen.status == .unhealthy && fallen.failingStreak == 4)
    }

    @Test func theLastFiveAreKept() {
        let codes: [Int32] = [1, 2, 3, 4, 5, 6, 7]
        #expect(health(codes.map { probe($0) }).log.map(\.exitCode) == [3, 4, 5, 6, 7])
    }

    @Test func aRoundBeginsAnewAndEndsUnhealthy() {
        var health = health([probe(0), probe(1)])
        health.end()
        #expect(health.status == .unhealthy)
        health.begin()
        #expect(health.status == .starting && health.failingStreak == 0 && health.log.count == 2)
    }

    @Test func thePauseBetweenChecks() {
        var check = HealthCheck()
        #expect(check.pause(.starting, age: 0) == 30 * second)
        check.interval = 7 * second
        check.startPeriod = 60 * second
        #expect(check.pause(.starting, age: 59 * second) == 5 * second)
        #expect(check.pause(.starting, age: 60 * second) == 7 * second)
        #expect(check.pause(.healthy, age: 1) == 7 * second && check.pause(.unhealthy, age: 1) == 7 * second)
        check.startInterval = second
        #expect(check.pause(.starting, age: 1) == second)
    }

    @Test func whatRunLeavesOpenTheImageSays() {
        var image = HealthCheck()
        image.test = ["CMD", "probe", "-q"]
        image.interval = 3 * second
        image.retries = 9
        var asked = HealthCheck()
        asked.interval = second
        let both = asked.completed(by: image)
        #expect(both.command == ["probe", "-q"] && both.interval == second && both.retries == 9)
        #expect(asked.completed(by: nil).command == nil)
        asked.test = ["NONE"]
        #expect(asked.completed(by: image).command == nil)
        asked.test = ["CMD-SHELL", "exit 3"]
        #expect(asked.completed(by: image).command == ["/bin/sh", "-c", "exit 3"])
    }

    @Test func whatCannotBeIsRefused() {
        var check = HealthCheck()
        #expect(check.complaint == nil)
        check.timeout = 999_999
        #expect(check.complaint == "Timeout in Healthcheck cannot be less than 1ms")
        check = HealthCheck()
        check.retries = -1
        #expect(check.complaint == "Retries in Healthcheck cannot be negative")
    }

    @Test func recordsSayTheSame() throws {
        let health = health([probe(0), probe(-1)])
        let read = try ContainerHealth(RecordReader(JSON(parsing: Array(health.json.compact.utf8))))
        #expect(read == health)
        for text in [
            #"{"status":"well","failingStreak":0,"log":[]}"#, #"{"status":"healthy","failingStreak":-1,"log":[]}"#,
        ] {
            #expect(throws: RecordError.self) { try ContainerHealth(RecordReader(JSON(parsing: Array(text.utf8)))) }
        }
        let json = try JSON(parsing: Array(#"{"Test":["CMD","a"],"Interval":1000000000,"Retries":2}"#.utf8))
        #expect(try HealthCheck(RecordReader(json)).json == json)
    }
}

@Suite struct GoDurationTests {
    @Test(
        arguments: [
            (0, "0s"), (1, "1ns"), (1500, "1.5µs"), (500_000_000, "500ms"), (1_000_000_000, "1s"),
            (1_500_000_000, "1.5s"),
            (30_000_000_000, "30s"), (90_000_000_000, "1m30s"), (60_000_000_000, "1m0s"), (3_600_000_000_000, "1h0m0s"),
            (3_661_020_000_000, "1h1m1.02s"),
        ] as [(Int64, String)]) func asGoWritesThem(nanoseconds: Int64, text: String)
    {
        #expect(GoDuration.text(nanoseconds: nanoseconds) == text)
        #expect(GoDuration.nanoseconds(text) == nanoseconds)
    }

    @Test(arguments: [("0", 0), ("-0", 0), ("+1m30s", 90_000_000_000), ("-1s", -1_000_000_000)] as [(String, Int64)])
    func signsAndZero(text: String, nanoseconds: Int64) {
        #expect(GoDuration.nanoseconds(text) == nanoseconds)
    }

    @Test(arguments: ["", "1", "s", "1x", "+", "-", "--1s", "1s-1s", "00", "1.2.3s", "99999999999h"]) func whatIsNone(
        text: String
    ) {
        #expect(GoDuration.nanoseconds(text) == nil)
    }
}

@Suite struct ReadyConditionTests {
    @Test func eachForm() throws {
        #expect(try ReadyCondition(parsing: "running") == .running)
        #expect(try ReadyCondition(parsing: "healthy") == .healthy)
        #expect(try ReadyCondition(parsing: "exited") == .exited)
        #expect(try ReadyCondition(parsing: "tcp:5432") == .listening(5432))
        #expect(try ReadyCondition(parsing: "log:ready: now") == .written("ready: now"))
    }

    @Test(arguments: ["", "Running", "running:", "tcp", "tcp:", "tcp:0", "tcp:65536", "tcp:a", "log", "log:", "udp:53"])
    func others(text: String) {
        #expect(throws: OperationError.self) { try ReadyCondition(parsing: text) }
    }
}
