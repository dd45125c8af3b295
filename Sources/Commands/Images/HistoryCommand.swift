import Core
import Engine
import Forms

/// `mydocker history`: how an image was made.
package struct HistoryCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "history", group: .images, operands: "IMAGE", summary: "Show the steps by which an image was made",
            operandCount: 1...1)
    }

    var quiet = false
    var wholeTexts = false
    var isHuman = true
    var format: String?

    package init() {}

    package static var flags: [Flag<HistoryCommand>] {
        [
            .toggle("quiet", short: "q", "Print ids only") { $0.quiet = $1 },
            .toggle("no-trunc", "Do not cut ids and instructions") { $0.wholeTexts = $1 },
            .toggle("human", short: "H", "Sizes and times in people's words (always, unless --human=false)") {
                $0.isHuman = $1
            },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let history = try context.engine.history(of: operands[0])
        context.output.write(try text(of: history.steps, id: history.id, now: context.now()))
        return 0
    }

    /// - Parameter steps: newest first, of which the first one is the image.
    package func text(of steps: [HistoryStep], id: String, now: Timestamp) throws(OperationError) -> String {
        let rows = steps.enumerated().map { number, step in
            step.row(id: number == 0 ? id : nil, now: now, isWhole: wholeTexts, isHuman: isHuman)
        }
        let report = Report(
            columns: Self.columns, standard: ["ID", "CreatedSince", "CreatedBy", "Size", "Comment"], rows: rows)
        return try report.text(format: format, quiet: quiet)
    }

    private static var columns: [Report.Column] {
        [
            .init(field: "ID", header: "IMAGE"), .init(field: "CreatedSince", header: "CREATED"),
            .init(field: "CreatedAt", header: "CREATED AT"), .init(field: "CreatedBy", header: "CREATED BY"),
            .init(field: "Size", header: "SIZE"), .init(field: "Comment", header: "COMMENT"),
        ]
    }
}
