import Core
import Engine
import Forms

/// `mydocker system df`: what images, containers and volumes have on disk.
package struct SystemDiskCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "system df", group: .other, operands: "", summary: "Show what is on disk, and what could be removed",
            operandCount: 0...0)
    }

    var isVerbose = false
    var format: String?

    package init() {}

    package static var answer: Answer { .list }

    package static var flags: [Flag<SystemDiskCommand>] {
        [
            .toggle("verbose", short: "v", "Show each image, container and volume") { $0.isVerbose = $1 },
            .value("format", "FORMAT", "json, table, table TEMPLATE or a Go template") {
                command, text throws(OperationError) in
                command.format = text
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let (space, failures) = try context.engine.diskSpace()
        context.warn(failures)
        context.output.write(
            try isVerbose ? whole(space, now: context.now()) : Self.short(space).text(format: format, quiet: false))
        return 0
    }

    private static func short(_ space: DiskSpace) -> Report {
        Report(
            columns: [
                .init(field: "Type", header: "TYPE"), .init(field: "TotalCount", header: "TOTAL"),
                .init(field: "Active", header: "ACTIVE"), .init(field: "Size", header: "SIZE"),
                .init(field: "Reclaimable", header: "RECLAIMABLE"),
            ], standard: ["Type", "TotalCount", "Active", "Size", "Reclaimable"], rows: space.rows)
    }

    private func whole(_ space: DiskSpace, now: Timestamp) throws(OperationError) -> String {
        let images = space.images.flatMap { $0.rows(now: now) }
        let containers = space.containers.map { $0.row(now: now, isWhole: false) }
        let object: JSON = [
            "Images": .array(images.map(\.fields)), "Containers": .array(containers.map(\.fields)),
            "Volumes": .array(space.volumes.map(\.row.fields)),
            "BuildCache": [],
        ]
        switch format {
        case nil, "", "table": break
        case "json": return object.compact + "\n"
        case .some(let format): return try Template(parsing: format).evaluate(object) + "\n"
        }
        let imageTable = Report(
            columns: Self.imageColumns, standard: Self.imageColumns.map(\.field), rows: images)
        let containerTable = Report(
            columns: Self.containerColumns, standard: Self.containerColumns.map(\.field), rows: containers)
        let volumeTable = Report(
            columns: Self.volumeColumns, standard: Self.volumeColumns.map(\.field), rows: space.volumes.map(\.row))
        return "Images space usage:\n\n" + (try imageTable.text(format: nil, quiet: false))
            + "\nContainers space usage:\n\n" + (try containerTable.text(format: nil, quiet: false))
            + "\nLocal Volumes space usage:\n\n" + (try volumeTable.text(format: nil, quiet: false))
    }

    private static var imageColumns: [Report.Column] {
        [
            .init(field: "Repository", header: "REPOSITORY"), .init(field: "Tag", header: "TAG"),
            .init(field: "ID", header: "IMAGE ID"), .init(field: "CreatedSince", header: "CREATED"),
            .init(field: "Size", header: "SIZE"), .init(field: "SharedSize", header: "SHARED SIZE"),
            .init(field: "UniqueSize", header: "UNIQUE SIZE"), .init(field: "Containers", header: "CONTAINERS"),
        ]
    }
    private static var volumeColumns: [Report.Column] {
        [
            .init(field: "Name", header: "VOLUME NAME"), .init(field: "Links", header: "LINKS"),
            .init(field: "Size", header: "SIZE"),
        ]
    }
    private static var containerColumns: [Report.Column] {
        [
            .init(field: "ID", header: "CONTAINER ID"), .init(field: "Image", header: "IMAGE"),
            .init(field: "Command", header: "COMMAND"), .init(field: "LocalVolumes", header: "LOCAL VOLUMES"),
            .init(field: "Size", header: "SIZE"), .init(field: "RunningFor", header: "CREATED"),
            .init(field: "Status", header: "STATUS"), .init(field: "Names", header: "NAMES"),
        ]
    }
}
