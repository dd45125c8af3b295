import Core
import Engine
import Forms

/// `mydocker image files`: what an image holds, without running it.
package struct ImageFilesCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "image files", group: .images, operands: "IMAGE [PATH]",
            summary: "List the files of an image, or those at and below a path", operandCount: 1...2)
    }

    var quiet = false
    var format: String?

    package init() {}

    package static var flags: [Flag<ImageFilesCommand>] {
        [
            .toggle("quiet", short: "q", "Print paths only") { $0.quiet = $1 },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let path = operands.count > 1 ? try SimpleValue.nonEmpty(operands[1]) : "/"
        let files = try context.engine.files(of: operands[0], at: path)
        let report = Report(
            columns: Self.columns, standard: ["Mode", "Owner", "Size", "Date", "Place"], identity: "Path",
            rows: files.map(\.row))
        context.output.write(try report.text(format: format, quiet: quiet))
        return 0
    }

    private static var columns: [Report.Column] {
        [
            .init(field: "Mode", header: "MODE"), .init(field: "Owner", header: "OWNER"),
            .init(field: "UID", header: "UID"), .init(field: "GID", header: "GID"),
            .init(field: "Size", header: "SIZE"), .init(field: "Date", header: "MODIFIED"),
            .init(field: "Modified", header: "MODIFIED"),
            .init(field: "Place", header: "PATH"), .init(field: "Path", header: "PATH"),
            .init(field: "Link", header: "LINK"),
        ]
    }
}
