import Core
import Forms

/// `mydocker images`: the images of the store.
package struct ImagesCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "images", aliases: ["image ls", "image list"], group: .images, operands: "[REPOSITORY[:TAG]]",
            summary: "List images", operandCount: 0...1)
    }

    package static var filterKeys: [String] { ["before", "dangling", "label", "reference", "since", "until"] }

    var quiet = false
    var wholeTexts = false
    var digests = false
    var format: String?
    var filter = Filter()

    package init() {}

    package static var flags: [Flag<ImagesCommand>] {
        [
            // There are no images between others that could be hidden.
            .toggle("all", short: "a", "Show all images (always done)") { _, _ in },
            .toggle("quiet", short: "q", "Print ids only") { $0.quiet = $1 },
            .toggle("no-trunc", "Do not cut ids") { $0.wholeTexts = $1 },
            .toggle("digests", "Show digests, too") { $0.digests = $1 },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
            .value("filter", short: "f", "KEY=VALUE", "Show only what has \(filterKeys.joined(separator: ", "))") {
                command, text throws(OperationError) in
                try command.filter.add(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try filter.check(knownKeys: Self.filterKeys)
        try filter.checkTruth(of: "dangling")
        let listing = try context.engine.images()
        context.warn(listing.failures)
        context.output.write(try text(of: listing.elements, wanted: operands.first, now: context.now()))
        return 0
    }

    /// - Parameter wanted: `REPOSITORY` or `REPOSITORY:TAG`, with wildcards as in `reference`.
    package func text(
        of images: [ImageSummary], wanted: String?, now: Timestamp
    ) throws(OperationError) -> String {
        let shown = try ofAge(images, now).filter { image in
            filter.allows("dangling") { Filter.truth($0) == image.references.isEmpty }
                && filter.allows(labels: image.labels)
        }
        let rows = shown.map { named($0) }.flatMap { image in
            let isHidden = image.references.isEmpty && filter.keys.contains("reference")
            return isHidden ? [] : image.rows(wanted: wanted, now: now, isWhole: wholeTexts)
        }
        let report = Report(
            columns: Self.columns,
            standard: ["Repository", "Tag"] + (digests ? ["Digest"] : []) + ["ID", "CreatedSince", "Size"], rows: rows)
        return try report.text(format: format, quiet: quiet)
    }

    /// Only under the names that `reference` asks for.
    private func named(_ image: ImageSummary) -> ImageSummary {
        var image = image
        image.references = image.references.filter { name in
            filter.allows("reference") { ReferencePattern($0).matches(name) }
        }
        return image
    }

    /// Those between the images, or moments, that `before`, `since` and `until` name.
    private func ofAge(_ images: [ImageSummary], _ now: Timestamp) throws(OperationError) -> [ImageSummary] {
        var shown = images
        for name in filter.values(of: "before") {
            let limit = try created(name, images)
            shown = shown.filter { $0.created < limit }
        }
        for name in filter.values(of: "since") {
            let limit = try created(name, images)
            shown = shown.filter { $0.created > limit }
        }
        for text in filter.values(of: "until") {
            guard let limit = TimeValue.moment(text, now: now) else {
                throw OperationError("invalid filter 'until=\(text)'", kind: .invalid)
            }
            shown = shown.filter { $0.created < limit }
        }
        return shown
    }

    private func created(_ name: String, _ images: [ImageSummary]) throws(OperationError) -> Timestamp {
        let named = images.first { $0.references.contains(name) || $0.references.contains(name + ":latest") }
        let digits = name.hasPrefix("sha256:") ? name : "sha256:" + name
        guard !name.isEmpty, let found = named ?? images.first(where: { $0.id.hasPrefix(digits) }) else {
            throw OperationError("No such image: \(name)", kind: .notFound)
        }
        return found.created
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
