import Core
import Engine

/// `mydocker network explain`
package struct NetworkExplainCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network explain", group: .networks, operands: "NETWORK|CONTAINER...",
            summary: "Print the commands that would make what networks and containers have",
            operandCount: 1...Int.max)
    }

    package init() {}

    package static var flags: [Flag<NetworkExplainCommand>] { [] }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        context.show(try context.engine.commands(behind: operands))
        return 0
    }
}
