import Core
import Forms

/// `mydocker images`: the images of the store.
package struct ImagesCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "images", aliases: ["image ls", "image list"], group: .images, operands: "[REPOSITORY[:TAG]]",
            summary: "List images", operandCount: 0...1)
    }

    var quiet = false
    var wholeTexts = false
    var format: String?

    package init() {}

    package static var flags: [Flag<ImagesCommand>] {
        [
            // There are no images between others that could be hidden.
            .toggle("all", short: "a", "Show all images (always done)") { _, _ in },
            .toggle("quiet", short: "q", "Print ids only") { $0.quiet = $1 },
            .toggle("no-trunc", "Do not cut ids") { $0.wholeTexts = $1 },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let listing = try context.engine.images()
        context.warn(listing.failures)
        context.output.write(try text(of: listing.elements, wanted: operands.first, now: context.now()))
        return 0
    }

    /// - Parameter wanted: `REPOSITORY` or `REPOSITORY:TAG`.
    package func text(
        of images: [ImageSummary], wanted: String?, now: Timestamp
    ) throws(OperationError) -> String {
        let rows = images.flatMap { $0.rows(wanted: wanted, now: now, isWhole: wholeTexts) }
        let report = Report(
            columns: Self.columns, standard: ["Repository", "Tag", "ID", "CreatedSince", "Size"], rows: rows)
        return try report.text(format: format, quiet: quiet)
    }

    private static var columns: [Report.Column] {
        [
            .init(field: "ID", header: "IMAGE ID"), .init(field: "Repository", header: "REPOSITORY"),
            .init(field: "Tag", header: "TAG"), .init(field: "Digest", header: "DIGEST"),
            .init(field: "CreatedSince", header: "CREATED"),
            .init(field: "CreatedAt", header: "CREATED AT"), .init(field: "Size", header: "SIZE"),
        ]
    }
}
