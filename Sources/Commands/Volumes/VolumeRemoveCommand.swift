import Core
import Engine

/// `mydocker volume rm`
package struct VolumeRemoveCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "volume rm", aliases: ["volume remove"], group: .volumes, operands: "VOLUME [VOLUME...]",
            summary: "Remove volumes", operandCount: 1...Int.max)
    }

    var force = false

    package init() {}

    package static var flags: [Flag<VolumeRemoveCommand>] {
        [
            .toggle("force", short: "f", "A missing volume is no failure, and a damaged one is removed") {
                $0.force = $1
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let force = force
        return context.forEach(operands) { name throws(OperationError) in
            try engine.removeVolume(name, force: force)
        }
    }
}
