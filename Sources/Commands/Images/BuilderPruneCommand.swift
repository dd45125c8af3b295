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
    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<BuilderPruneCommand>] {
        [
            .toggle("all", short: "a", "Also what is in images") { $0.all = $1 },
            .value("builder", "NAME", "The builder, which is the same by each of its names") {
                command, text throws(OperationError) in
                command.builder = try SimpleValue.nonEmpty(text)
            },
        ]
            + PruneOptions.flags(["until"]).map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if let builder { _ = try context.engine.builder(named: builder) }
        try options.filter.check(knownKeys: ["until"])
        let end = try PruneOptions.end(of: options.filter, now: context.now())
        let what = all ? "all build cache" : "all dangling build cache"
        try options.askLeave("builder prune", ["WARNING! This will remove \(what)."], &context)
        let pruned = try context.engine.pruneBuildCache(all: all, before: end)
        context.list("build cache objects", pruned)
        context.tellReclaimed(pruned.bytes)
        return pruned.exitCode
    }
}
