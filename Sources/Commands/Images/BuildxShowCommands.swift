import Core
import Engine
import Forms

/// `mydocker buildx ls`: the names of the builder.
package struct BuildxListCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx ls", group: .images, operands: "", summary: "List the names of the builder",
            operandCount: 0...0)
    }

    var format: String?

    package init() {}

    package static var answer: Answer { .list }

    package static var flags: [Flag<BuildxListCommand>] {
        [
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
            .toggle("no-trunc", "Without effect: nothing is cut") { _, _ in },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let rows = try context.engine.builders().enumerated().map { number, name in
            Row(
                fields: [
                    "Name": .string(number == 0 ? name + " *" : name), "DriverEndpoint": "docker", "Status": "running",
                    "Buildkit": .string(CommandLineTool.version), "Platforms": .string(Platform.host.description),
                ])
        }
        let report = Report(
            columns: [
                .init(field: "Name", header: "NAME/NODE"), .init(field: "DriverEndpoint", header: "DRIVER/ENDPOINT"),
                .init(field: "Status", header: "STATUS"), .init(field: "Buildkit", header: "BUILDKIT"),
                .init(field: "Platforms", header: "PLATFORMS"),
            ], standard: ["Name", "DriverEndpoint", "Status", "Buildkit", "Platforms"], rows: rows)
        context.output.write(try report.text(format: format, quiet: false))
        return 0
    }
}

/// `mydocker buildx inspect`: the builder, by one of its names.
package struct BuildxInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx inspect", group: .images, operands: "[NAME]", summary: "Show the builder", operandCount: 0...1
        )
    }

    var name: String?

    package init() {}

    package static var flags: [Flag<BuildxInspectCommand>] {
        [
            .toggle("bootstrap", "Without effect: it is ready") { _, _ in },
            .value("builder", "NAME", "The name") { command, text throws(OperationError) in
                command.name = try SimpleValue.nonEmpty(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let name = try context.engine.builder(named: operands.first ?? name)
        let platform = Platform.host.description
        for (key, value) in [("Name", name), ("Driver", "docker")] { context.output.line("\(key): \(value)") }
        for line in ["", "Nodes:"] { context.output.line(line) }
        for (key, value) in [
            ("Name", name), ("Endpoint", "default"), ("Status", "running"), ("Buildkit", CommandLineTool.version),
            ("Platforms", platform),
        ] { context.output.line("\(key): \(value)") }
        context.answer = [
            "name": .string(name), "driver": "docker", "status": "running", "platforms": [.string(platform)],
        ]
        return 0
    }
}

/// `mydocker buildx du`: what builds have kept.
package struct BuildxDiskCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx du", group: .images, operands: "", summary: "Show what builds have kept", operandCount: 0...0)
    }

    var isVerbose = false
    var builder: String?

    package init() {}

    package static var flags: [Flag<BuildxDiskCommand>] {
        [
            .toggle("verbose", "Show the instruction of each") { $0.isVerbose = $1 },
            .value("builder", "NAME", "The builder, which is the same by each of its names") {
                command, text throws(OperationError) in
                command.builder = try SimpleValue.nonEmpty(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        _ = try context.engine.builder(named: builder)
        let entries = context.engine.buildCache()
        var table = TextTable()
        table.add(["ID", "RECLAIMABLE", "SIZE", "LAST ACCESSED", "TYPE"] + (isVerbose ? ["DESCRIPTION"] : []))
        for entry in entries {
            table.add(
                [
                    Self.shortID(entry), "\(entry.isReclaimable)", ByteCount.text(entry.bytes),
                    entry.lastUsed.description, entry.kind.rawValue,
                ] + (isVerbose ? [entry.instruction] : []))
        }
        let reclaimable = entries.filter(\.isReclaimable).bytes
        context.output.write(table.text)
        context.output.line("Reclaimable: \(ByteCount.text(reclaimable))")
        context.output.line("Total: \(ByteCount.text(entries.bytes))")
        context.answer = [
            "entries": .array(entries.map(Self.json)), "reclaimable": .number(reclaimable),
            "total": .number(entries.bytes),
        ]
        return 0
    }

    /// So many digits as tell it from others.
    private static func shortID(_ entry: CacheEntry) -> String {
        String(entry.id.prefix(entry.kind == .mount ? "mount-".count + 12 : 12))
    }

    private static func json(_ entry: CacheEntry) -> JSON {
        [
            "id": .string(entry.id), "type": .string(entry.kind.rawValue), "size": .number(entry.bytes),
            "reclaimable": .bool(entry.isReclaimable), "instruction": .string(entry.instruction),
            "lastUsed": .string(entry.lastUsed.description),
        ]
    }
}
