import Core
import Engine
import Forms

/// `mydocker search`: asks a registry what it has.
package struct SearchCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "search", group: .images, operands: "[REGISTRY/]WORD", summary: "Ask a registry which images it has",
            operandCount: 1...1)
    }

    private static let filterKeys = ["is-automated", "is-official", "stars"]
    private static let limits = 1...100
    private static let shortest = 45

    var limit = 25
    var isWhole = false
    var format: String?
    var filter = Filter()

    package init() {}

    package static var answer: Answer { .list }

    package static var flags: [Flag<SearchCommand>] {
        [
            .value("limit", "NUMBER", "How many at most, 1 to 100 (default 25)") {
                command, text throws(OperationError) in
                guard let number = Int(text), limits.contains(number) else {
                    throw OperationError("Limit \(text) is outside the range of [1, 100]", kind: .invalid)
                }
                command.limit = number
            },
            .value("filter", short: "f", "KEY=VALUE", "Show only what has \(filterKeys.joined(separator: ", "))") {
                command, text throws(OperationError) in
                try command.filter.add(text)
            },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
            .toggle("no-trunc", "Do not cut descriptions") { $0.isWhole = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try filter.check(knownKeys: Self.filterKeys)
        for key in ["is-automated", "is-official"] { try filter.checkTruth(of: key) }
        for text in filter.values(of: "stars") where Int64(text) == nil {
            throw OperationError("invalid filter 'stars=\(text)'", kind: .invalid)
        }
        let found = try context.engine.searchImages(operands[0], limit: limit)
        context.output.write(try text(of: found))
        return 0
    }

    package func text(of images: [FoundImage]) throws(OperationError) -> String {
        let shown = images.filter { image in
            filter.allows("is-official") { Filter.truth($0) == image.isOfficial }
                && filter.allows("is-automated") { Filter.truth($0) == image.isAutomated }
                && filter.values(of: "stars").allSatisfy { Int64($0).map { image.stars >= $0 } ?? true }
        }
        let isTable = format.map { $0.isEmpty || $0.hasPrefix("table") } ?? true
        let report = Report(
            columns: [
                .init(field: "Name", header: "NAME"), .init(field: "Description", header: "DESCRIPTION"),
                .init(field: "StarCount", header: "STARS"), .init(field: "IsOfficial", header: "OFFICIAL"),
                .init(field: "IsAutomated", header: "AUTOMATED"),
            ], standard: ["Name", "Description", "StarCount", "IsOfficial", "IsAutomated"],
            rows: shown.map { row(of: $0, isTable: isTable) })
        return try report.text(format: format, quiet: false)
    }

    private func row(of image: FoundImage, isTable: Bool) -> Row {
        func truth(_ value: Bool) -> JSON { isTable ? value ? "[OK]" : "" : value ? "true" : "false" }
        var description = String(image.description.map { $0.isNewline ? " " : $0 })
        if !isWhole, description.count > Self.shortest { description = description.prefix(Self.shortest - 1) + "…" }
        return Row(
            fields: [
                "Name": .string(image.name), "Description": .string(description),
                "StarCount": .string("\(image.stars)"),
                "IsOfficial": truth(image.isOfficial), "IsAutomated": truth(image.isAutomated),
            ])
    }
}
