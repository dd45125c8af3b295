import Core
import Engine

/// `mydocker image prune`: remove images without names, or all that are not used.
package struct ImagePruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "image prune", group: .images, operands: "",
            summary: "Remove images without names, or all that are not used",
            operandCount: 0...0)
    }

    var all = false
    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<ImagePruneCommand>] {
        [.toggle("all", short: "a", "Remove all images that no container uses") { $0.all = $1 }]
            + PruneOptions.flags.map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let selection = try options.selection(now: context.now())
        let what = all ? "images without at least one container associated to them" : "dangling images"
        try options.askLeave("image prune", ["WARNING! This will remove all \(what)."], &context)
        let pruned = try context.engine.pruneImages(all: all, selection)
        context.list("Images", pruned)
        context.tellReclaimed(pruned.bytes)
        return pruned.exitCode
    }
}
