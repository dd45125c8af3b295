import Core
import Engine

/// `mydocker builder prune`: remove what builds have kept.
package struct BuilderPruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "builder prune", aliases: ["buildx prune"], group: .images, operands: "",
            summary: "Remove what builds have kept", operandCount: 0...0)
    }

    var all = false
    var builder: String?
    var limits = CacheLimits()
    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<BuilderPruneCommand>] {
        [
            .toggle("all", short: "a", "Also what is in images") { $0.all = $1 },
            .value("builder", "NAME", "The builder, which is the same by each of its names") {
                command, text throws(OperationError) in
                command.builder = try SimpleValue.nonEmpty(text)
            },
            limit(
                "max-used-space", "So much may stay; what was not used for the longest time goes first", \.maximumUsed),
            limit("reserved-space", also: ["keep-storage"], "So much stays in any case", \.reserved),
            limit("min-free-space", "So much is to be free on the disk", \.minimumFree),
        ]
            + PruneOptions.flags(BuildCacheFilter.keys).map { $0.lifted(to: \.options) }
    }

    /// 0 says nothing, as without the flag.
    private static func limit(
        _ name: String, also aliases: [String] = [], _ help: String, _ member: WritableKeyPath<CacheLimits, Int64?>
    ) -> Flag<BuilderPruneCommand> {
        .value(name, also: aliases, "SIZE", help) { command, text throws(OperationError) in
            guard let bytes = ByteCount.parse(text) else {
                throw OperationError("use a number of bytes such as 64m or 1g")
            }
            command.limits[keyPath: member] = bytes == 0 ? nil : bytes
        }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if let builder { _ = try context.engine.builder(named: builder) }
        var selection = CacheSelection()
        selection.all = all
        selection.limits = limits
        selection.before = try PruneOptions.end(of: options.filter, now: context.now())
        selection.matches = try BuildCacheFilter.condition(options.filter)
        let what = all ? "all build cache" : "all dangling build cache"
        try options.askLeave("builder prune", ["WARNING! This will remove \(what)."], &context)
        let pruned = try context.engine.pruneBuildCache(selection)
        context.list("build cache objects", pruned)
        context.tellReclaimed(pruned.bytes)
        return pruned.exitCode
    }
}
