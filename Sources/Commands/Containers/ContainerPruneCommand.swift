import Core
import Engine

/// `mydocker container prune`: remove all stopped containers.
package struct ContainerPruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "container prune", group: .containers, operands: "", summary: "Remove all stopped containers",
            operandCount: 0...0)
    }

    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<ContainerPruneCommand>] {
        PruneOptions.flags.map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let selection = try options.selection(now: context.now())
        try options.askLeave("container prune", ["WARNING! This will remove all stopped containers."], &context)
        let pruned = try context.engine.pruneContainers(selection)
        context.list("Containers", pruned)
        context.tellReclaimed(pruned.bytes)
        return pruned.exitCode
    }
}
