import Core
import Forms

/// `mydocker volume ls`
package struct VolumeListCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "volume ls", aliases: ["volume list"], group: .volumes, operands: "", summary: "List volumes",
            operandCount: 0...0)
    }

    package static var filterKeys: [String] { ["dangling", "driver", "label", "name"] }

    var quiet = false
    var format: String?
    var filter = Filter()

    package init() {}

    package static var flags: [Flag<VolumeListCommand>] {
        [
            .toggle("quiet", short: "q", "Print names only") { $0.quiet = $1 },
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
        for text in filter.values(of: "dangling") where SimpleValue.truth(text) == nil {
            throw OperationError("invalid filter 'dangling=\(text)'", remedy: "Use true or false")
        }
        let listing = try context.engine.volumes(tellsUse: filter.keys.contains("dangling"))
        context.warn(listing.failures)
        context.output.write(try text(of: listing.elements))
        return 0
    }

    /// - Parameter volumes: in the order of their names.
    package func text(of volumes: [VolumeDetails]) throws(OperationError) -> String {
        let report = Report(
            columns: [
                .init(field: "Driver", header: "DRIVER"), .init(field: "Name", header: "VOLUME NAME"),
                .init(field: "Scope", header: "SCOPE"), .init(field: "Mountpoint", header: "MOUNTPOINT"),
                .init(field: "Labels", header: "LABELS"), .init(field: "Links", header: "LINKS"),
                .init(field: "Size", header: "SIZE"),
            ], standard: ["Driver", "Name"], identity: "Name", rows: volumes.filter(matches).map(\.row))
        return try report.text(format: format, quiet: quiet)
    }

    private func matches(_ volume: VolumeDetails) -> Bool {
        let definition = volume.definition
        return filter.allows("name") { Filter.name(definition.name.text, matches: $0) }
            && filter.allows("driver") { $0 == VolumeDefinition.driver }
            && filter.allows("dangling") { SimpleValue.truth($0) == volume.isDangling }
            && filter.allows(labels: definition.labels)
    }
}
