import Core
import Engine

/// `mydocker create`: a container that `start` lets begin.
package struct CreateCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "create", group: .containers, operands: "[IMAGE] [COMMAND] [ARG...]",
            summary: "Make a container without running it", operandCount: 1...Int.max, stopsAtOperand: true)
    }

    /// What it will run as.
    var run = RunCommand()

    package init() {}

    /// Those of `run` that are about the container, and not about its first run.
    /// What is about the time after that.
    private static let excluded: Set = ["detach", "detach-keys", "ready", "ready-timeout", "sig-proxy"]

    package static var flags: [Flag<CreateCommand>] {
        RunCommand.flags.filter { !Self.excluded.contains($0.specification.name) }.map { $0.lifted(to: \.run) }
    }

    package func complaint(aboutOperandCount count: Int) -> String? {
        run.isImageNamed ? nil : Self.synopsis.complaint(aboutOperandCount: count)
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        var request = try refusing { () throws(OperationError) in
            try run.request(words: operands, lookUp: context.environment, calledAs: context.program)
        }
        if run.isDryRun {
            context.show(try context.engine.networkCommands(running: request))
            return 0
        }
        request.detached = request.attached.isEmpty
        let id = try run.engine(in: context).create(request)
        context.answer(id: id.hex, fate: "container \(id.short) was created", undo: "rm \(id.short)")
        return 0
    }

    /// As in Docker: what is refused before anything is looked up is a fault of the command line.
    private func refusing<Result>(_ body: () throws(OperationError) -> Result) throws(OperationError) -> Result {
        do throws(OperationError) {
            return try body()
        } catch {
            var error = error
            error.exitCode = 125
            throw error
        }
    }
}
