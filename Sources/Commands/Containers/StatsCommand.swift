import Core
import Engine
import Forms
import Glibc
import Linux

/// `mydocker stats`: what containers use.
package struct StatsCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "stats", group: .containers, operands: "[CONTAINER...]",
            summary: "Show what containers use of this host, again and again", operandCount: 0...Int.max)
    }

    var all = false
    var isStream = true
    var wholeTexts = false
    var format: String?

    package init() {}

    package static var flags: [Flag<StatsCommand>] {
        [
            .toggle("all", short: "a", "Show those that do not run, too") { $0.all = $1 },
            .toggle("no-stream", "Show it once") { $0.isStream = !$1 },
            .toggle("no-trunc", "Do not cut ids") { $0.wholeTexts = $1 },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
        ]
    }

    /// Microseconds between two measurements: the first ones, and all others.
    private static let shortSpan: UInt32 = 75_000
    private static let span: UInt32 = 1_000_000

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let engine = context.engine
        let names = operands.isEmpty ? nil : operands
        var before = try engine.usages(of: names, all: all)
        context.warn(before.failures)
        // A mistake in the format is one before there is anything to show.
        _ = try text(of: [], since: [])
        let clearsScreen = isStream && Terminal.isTerminal(STDOUT_FILENO)
        if !before.elements.isEmpty { usleep(Self.shortSpan) }
        while true {
            let now: Listing<MeasuredContainer>
            do throws(OperationError) { now = try engine.usages(of: names, all: all) } catch {
                // Those that are watched may go.
                guard isStream, error.kind == .notFound else { throw error }
                return 0
            }
            let text = try text(of: now.elements, since: before.elements)
            if clearsScreen {
                context.output.writeRaw(Self.redrawn(TerminalText.escapedLines(text)))
            } else {
                context.output.write(text)
            }
            context.flush()
            if !isStream || context.output.failure != nil { return 0 }
            before = now
            usleep(Self.span)
        }
    }

    /// Over what stood there before, so that nothing flickers.
    private static func redrawn(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return "\u{1b}[H" + lines.joined(separator: "\u{1b}[K\n") + "\u{1b}[J"
    }

    private func text(
        of containers: [MeasuredContainer], since before: [MeasuredContainer]
    ) throws(OperationError) -> String {
        let former = Dictionary(before.map { ($0.id, $0.usage) }) { first, _ in first }
        let report = Report(
            columns: Self.columns,
            standard: ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"],
            rows: containers.map { $0.usage.row($0.id, $0.name, since: former[$0.id], isWhole: wholeTexts) })
        return try report.text(format: format, quiet: false)
    }

    private static var columns: [Report.Column] {
        [
            .init(field: "ID", header: "CONTAINER ID"), .init(field: "Container", header: "CONTAINER"),
            .init(field: "Name", header: "NAME"), .init(field: "CPUPerc", header: "CPU %"),
            .init(field: "MemUsage", header: "MEM USAGE / LIMIT"), .init(field: "MemPerc", header: "MEM %"),
            .init(field: "NetIO", header: "NET I/O"), .init(field: "BlockIO", header: "BLOCK I/O"),
            .init(field: "PIDs", header: "PIDS"),
        ]
    }
}
