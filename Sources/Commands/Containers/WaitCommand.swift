import Core
import Engine

/// `mydocker wait`: prints the exit codes of containers, each when it has ended.
package struct WaitCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "wait", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Wait until containers end, and print their exit codes", operandCount: 1...Int.max)
    }
    package static var flags: [Flag<WaitCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return context.printEach(operands, answer: { [("exitCode", .optional(Int64($0[0])))] }) {
            name throws(OperationError) in
            [String(try engine.wait(name))]
        }
    }
}
