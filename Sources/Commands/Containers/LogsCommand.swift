import Core
import Engine

/// `mydocker logs`: what a container has printed.
package struct LogsCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "logs", group: .containers, operands: "CONTAINER", summary: "Show the output of a container",
            operandCount: 1...1)
    }

    var request = LogRequest(container: "")
    var since: String?
    var until: String?

    package init() {}

    package static var flags: [Flag<LogsCommand>] {
        [
            .toggle("follow", short: "f", "Go on as the container prints more") { $0.request.follow = $1 },
            .toggle("timestamps", short: "t", "Show when each line was printed") { $0.request.timestamps = $1 },
            // No log has any.
            .toggle("details", "Show extra attributes (there are none)") { _, _ in },
            .value("tail", short: "n", "NUMBER", "Show the last so many lines, or all") {
                command, text throws(OperationError) in
                command.request.tail = try Self.lineCount(text)
            },
            .value("since", "TIME", "Show lines from a moment on: a date, seconds since 1970 or 10m") {
                command, text throws(OperationError) in
                command.since = try SimpleValue.given(text, Self.checkedMoment)
            },
            .value("until", "TIME", "Show lines before a moment") { command, text throws(OperationError) in
                command.until = try SimpleValue.given(text, Self.checkedMoment)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        context.flush()
        try context.engine.logs(request(operands, now: context.now()))
        return 0
    }

    package func request(_ operands: [String], now: Timestamp) -> LogRequest {
        var request = request
        request.container = operands.first ?? ""
        request.since = since.flatMap { TimeValue.moment($0, now: now) }
        request.until = until.flatMap { TimeValue.moment($0, now: now) }
        return request
    }

    /// Nil shows all lines.
    private static func lineCount(_ text: String) throws(OperationError) -> Int? {
        if ["all", "-1", ""].contains(text) { return nil }
        guard let count = Decimal.parse(text, in: 0...Int.max) else { throw OperationError("use a number or \"all\"") }
        return count
    }

    private static func checkedMoment(_ text: String) throws(OperationError) -> String {
        guard TimeValue.moment(text, now: Timestamp(nanoseconds: 0)) != nil else {
            throw OperationError("use a time such as 2024-01-02T15:04:05Z, 1704207845 or 10m")
        }
        return text
    }
}
