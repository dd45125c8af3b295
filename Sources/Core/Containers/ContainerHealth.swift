/// What the checks of a container have come to, in Docker's words and by Docker's rules.
package struct ContainerHealth: Equatable, Sendable {
    package enum Status: String, CaseIterable, Sendable {
        case starting, healthy, unhealthy
    }

    /// How many checks are kept.
    private static let longestLog = 5

    package private(set) var status = Status.starting
    /// Failures since the last success that count.
    package private(set) var failingStreak: Int64 = 0
    /// The last few, oldest first.
    package private(set) var log: [HealthProbe] = []

    package init() {}

    /// Its program begins, or begins again.
    package mutating func begin() {
        status = .starting
        failingStreak = 0
    }

    /// Its program has ended: as in Docker, nothing is well that does not run.
    package mutating func end() { status = .unhealthy }

    /// - Parameter started: when its program began. Before the start period is over, failures of one that was not well yet do
    ///   not count.
    package mutating func note(_ probe: HealthProbe, _ check: HealthCheck, started: Timestamp) {
        log = Array((log + [probe]).suffix(Self.longestLog))
        if probe.exitCode == 0 {
            failingStreak = 0
            status = .healthy
        } else if status != .starting || probe.start.nanoseconds(since: started) >= check.startPeriod {
            failingStreak += 1
            if failingStreak >= check.retriesInEffect { status = .unhealthy }
        }
    }
}

/// One check that was made.
package struct HealthProbe: Equatable, Sendable {
    /// Bytes of its output that are kept.
    package static let longestOutput = 4096

    package var start: Timestamp
    package var end: Timestamp
    /// -1 when its program could not be run, or took too long.
    package var exitCode: Int32
    package var output: String

    package init(start: Timestamp, end: Timestamp, exitCode: Int32, output: String) {
        self.start = start
        self.end = end
        self.exitCode = exitCode
        self.output = output
    }
}

extension ContainerHealth: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        status = try reader.text("status", Status.init)
        failingStreak = try reader.int("failingStreak", in: 0...Int64.max)
        log = try reader.objects("log", HealthProbe.init)
    }

    package var json: JSON {
        [
            "status": .string(status.rawValue), "failingStreak": .int(failingStreak),
            "log": .array(log.map(\.json)),
        ]
    }
}

extension HealthProbe: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        start = Timestamp(nanoseconds: try reader.int("start"))
        end = Timestamp(nanoseconds: try reader.int("end"))
        exitCode = try reader.value("exitCode") { $0.int.flatMap { Int32(exactly: $0) } }
        output = try reader.string("output")
    }

    package var json: JSON {
        [
            "start": .int(start.nanoseconds), "end": .int(end.nanoseconds), "exitCode": .number(exitCode),
            "output": .string(output),
        ]
    }
}
