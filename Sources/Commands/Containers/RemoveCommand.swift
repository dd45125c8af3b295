import Core
import Engine

/// `mydocker rm`: removes containers.
package struct RemoveCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "rm", aliases: ["container rm", "container remove"], group: .containers,
            operands: "CONTAINER [CONTAINER...]", summary: "Remove containers", operandCount: 1...Int.max)
    }

    var force = false
    var ignoresMissing = false
    var volumes = false

    package init() {}

    package static var flags: [Flag<RemoveCommand>] {
        [
            .toggle("force", short: "f", "Kill a running container first; a missing one is no failure") {
                $0.force = $1
            },
            .toggle("if-exists", short: "i", also: ["ignore"], "A missing one is no failure, and nothing is said of it")
            {
                $0.ignoresMissing = $1
            },
            .toggle("volumes", short: "v", "Remove volumes without a name, too") { $0.volumes = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let volumes = volumes
        var found = force ? engine.killAll(operands) : []
        context.isReceipt = true
        return context.printEach(operands, ignoresMissing: force) { name throws(OperationError) in
            do throws(OperationError) {
                try engine.remove(name, force: force, volumes: volumes)
            } catch {
                guard error.kind == .notFound else { throw error }
                // Named twice, it is missing the second time.
                if found.remove(name) == nil {
                    if ignoresMissing { return [] }
                    throw error
                }
            }
            found.remove(name)
            return [name]
        }
    }
}
