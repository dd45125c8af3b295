import Core
import Engine

/// `mydocker images`: the images of the store.
package struct ImagesCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "images", group: .images, operands: "[REPOSITORY[:TAG]]", summary: "List images",
            operandCount: 0...1)
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
        let rows = images.flatMap { image in
            let names = image.references.isEmpty ? [("<none>", "<none>")] : image.references.sorted().map(Self.parts)
            return names.filter { wanted == nil || wanted == $0.0 || wanted == "\($0.0):\($0.1)" }
                .map { row(image, repository: $0.0, tag: $0.1, now: now) }
        }
        let report = Report(
            columns: Self.columns, standard: ["Repository", "Tag", "ID", "CreatedSince", "Size"], rows: rows)
        return try report.text(format: format, quiet: quiet)
    }

    private func row(_ image: ImageSummary, repository: String, tag: String, now: Timestamp) -> Row {
        let digits = image.id.hasPrefix("sha256:") ? image.id.dropFirst(7) : image.id[...]
        return Row(fields: [
            "CreatedAt": .string(HumanText.moment(image.created)),
            "CreatedSince": .string(HumanText.ago(image.created, now: now)),
            // Known of an image that came from a registry.
            "Digest": "<none>",
            "ID": .string(wholeTexts ? image.id : String(digits.prefix(12))),
            "Repository": .string(repository), "Size": .string(HumanText.size(image.size)), "Tag": .string(tag),
        ])
    }

    /// Repository and tag: the last colon stands before the tag unless it belongs to a registry's port.
    package static func parts(_ reference: String) -> (String, String) {
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else {
            return (reference, "latest")
        }
        return (String(reference[..<colon]), String(reference[reference.index(after: colon)...]))
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
