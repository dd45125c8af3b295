import Core
import Engine
import Forms
import Glibc

/// `mydocker container prune`: removes what does not run.
package struct PruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "container prune", group: .containers, operands: "", summary: "Remove all stopped containers",
            operandCount: 0...0)
    }

    var force = false

    package init() {}

    package static var flags: [Flag<PruneCommand>] {
        [.toggle("force", short: "f", "Do not ask") { $0.force = $1 }]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if !force { try askLeave(&context) }
        let pruned = try context.engine.pruneContainers()
        context.warn(pruned.failures)
        if !pruned.elements.isEmpty {
            context.output.line("Deleted Containers:")
            for container in pruned.elements { context.output.line(container.id.hex) }
            context.output.line("")
        }
        let bytes = pruned.elements.reduce(0) { $0 + $1.bytes }
        context.output.line("Total reclaimed space: \(HumanText.size(bytes))")
        return pruned.failures.isEmpty ? 0 : 1
    }

    private func askLeave(_ context: inout CommandContext) throws(OperationError) {
        guard isatty(STDIN_FILENO) == 1 else {
            throw OperationError(
                "container prune: standard input is no terminal to ask at", remedy: "use -f to remove without asking")
        }
        context.errors.line("WARNING! This will remove all stopped containers.")
        context.errors.question("Are you sure you want to continue? [y/N] ")
        context.flush()
        guard ["y", "Y"].contains(readLine()?.trimmed ?? "") else {
            throw OperationError("container prune has been cancelled")
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(split(separator: " ").joined(separator: " ")) }
}
