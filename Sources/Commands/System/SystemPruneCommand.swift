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
    var volumes = false
    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<SystemPruneCommand>] {
        [
            .toggle("all", short: "a", "Remove all images that no container uses") { $0.all = $1 },
            .toggle("volumes", "Remove volumes that nobody has named, too") { $0.volumes = $1 },
        ] + PruneOptions.flags.map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let selection = try options.selection(now: context.now())
        if volumes, !options.filter.values(of: "until").isEmpty {
            throw OperationError("The \"until\" filter is not supported with \"--volumes\"", kind: .invalid)
        }
        try options.askLeave("system prune", warning, &context)
        let engine = context.engine
        let containers = try engine.pruneContainers(selection)
        context.list("Containers", containers)
        let networks = try engine.pruneNetworks(selection)
        context.list("Networks", networks)
        var unnamed = Listing<PrunedObject>(elements: [], failures: [])
        if volumes {
            unnamed = try engine.pruneVolumes { $0.isAnonymous && selection($0.labels, $0.created) }
            context.list("Volumes", unnamed)
        }
        let images = try engine.pruneImages(all: all, selection)
        context.list("Images", images)
        let cache = try pruneBuildCache(engine, now: context.now())
        context.list("build cache objects", cache)
        context.tellReclaimed(containers.bytes + unnamed.bytes + images.bytes + cache.bytes)
        return max(containers.exitCode, networks.exitCode, unnamed.exitCode, images.exitCode, cache.exitCode)
    }

    /// What builds have kept has no labels: a filter by one means nothing of it.
    private func pruneBuildCache(_ engine: Engine, now: Timestamp) throws(OperationError) -> Listing<PrunedObject> {
        guard options.filter.values(of: "label").isEmpty else { return Listing(elements: [], failures: []) }
        var selection = CacheSelection()
        selection.all = all
        selection.before = try PruneOptions.end(of: options.filter, now: now)
        return try engine.pruneBuildCache(selection)
    }

    private var warning: [String] {
        let images = all ? "images without at least one container associated to them" : "dangling images"
        var lines = [
            "WARNING! This will remove:", "  - all stopped containers",
            "  - all networks not used by at least one container",
        ]
        if volumes { lines.append("  - all anonymous volumes not used by at least one container") }
        lines += ["  - all \(images)", all ? "  - all build cache" : "  - unused build cache", ""]
        let conditions = options.filter.texts
        if !conditions.isEmpty {
            lines += ["  Items to be pruned will be filtered with:"] + conditions.map { "  - \($0)" } + [""]
        }
        return lines
    }
}
