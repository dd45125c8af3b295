import Core
import Engine

/// `mydocker system prune`: removes all that nobody uses.
package struct SystemPruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "system prune", group: .other, operands: "", summary: "Remove all that is not used",
            operandCount: 0...0)
    }

    var all = false
    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<SystemPruneCommand>] {
        [.toggle("all", short: "a", "Remove all images that no container uses") { $0.all = $1 }]
            + PruneOptions.flags.map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let selection = try options.selection(now: context.now())
        try options.askLeave("system prune", warning, &context)
        let engine = context.engine
        let containers = try engine.pruneContainers(selection)
        context.list("Containers", containers)
        let networks = try engine.pruneNetworks(selection)
        context.list("Networks", networks)
        let images = try engine.pruneImages(all: all, selection)
        context.list("Images", images)
        context.tellReclaimed(containers.bytes + images.bytes)
        return max(containers.exitCode, networks.exitCode, images.exitCode)
    }

    private var warning: [String] {
        let images = all ? "images without at least one container associated to them" : "dangling images"
        var lines = [
            "WARNING! This will remove:", "  - all stopped containers",
            "  - all networks not used by at least one container", "  - all \(images)", "",
        ]
        let conditions = options.filter.texts
        if !conditions.isEmpty {
            lines += ["  Items to be pruned will be filtered with:"] + conditions.map { "  - \($0)" } + [""]
        }
        return lines
    }
}
