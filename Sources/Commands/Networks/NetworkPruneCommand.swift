import Core
import Engine

/// `mydocker network prune`: remove all networks that no container is on.
package struct NetworkPruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network prune", group: .networks, operands: "",
            summary: "Remove all networks that no container is on",
            operandCount: 0...0)
    }

    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<NetworkPruneCommand>] {
        PruneOptions.flags.map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let selection = try options.selection(now: context.now())
        try options.askLeave(
            "network prune",
            ["WARNING! This will remove all custom networks not used by at least one container."], &context)
        let pruned = try context.engine.pruneNetworks(selection)
        context.list("Networks", pruned)
        return pruned.exitCode
    }
}
