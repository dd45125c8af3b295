import Core
import Engine

/// `mydocker network disconnect`: a container leaves a network.
package struct NetworkDisconnectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network disconnect", group: .networks, operands: "NETWORK CONTAINER",
            summary: "Disconnect a container from a network", operandCount: 2...2)
    }

    package init() {}

    package static var flags: [Flag<NetworkDisconnectCommand>] {
        // Of one that does not run, nothing but its record is to be changed anyway.
        [.toggle("force", short: "f", "As without: a container that has ended is disconnected, too") { _, _ in }]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try context.engine.disconnect(operands[1], from: operands[0])
        context.answer = ["network": .string(operands[0]), "container": .string(operands[1])]
        return 0
    }
}
