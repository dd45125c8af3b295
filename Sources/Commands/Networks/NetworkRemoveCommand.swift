import Core
import Engine

/// `mydocker network remove`
package struct NetworkRemoveCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network remove", aliases: ["network rm", "network delete"], group: .networks,
            operands: "NETWORK [NETWORK...]", summary: "Remove networks", operandCount: 1...Int.max)
    }

    var force = false

    package init() {}

    package static var flags: [Flag<NetworkRemoveCommand>] {
        [.toggle("force", short: "f", "A missing network is no failure") { $0.force = $1 }]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return context.forEach(operands, ignoresMissing: force) { name throws(OperationError) in
            try engine.removeNetwork(name)
        }
    }
}
