import Core
import Engine

/// `mydocker rmi`: removes images.
package struct RemoveImageCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "rmi", aliases: ["image rm", "image remove"], group: .images, operands: "IMAGE [IMAGE...]",
            summary: "Remove images", operandCount: 1...Int.max)
    }

    var force = false

    package init() {}

    package static var flags: [Flag<RemoveImageCommand>] {
        [
            .toggle(
                "force", short: "f",
                "Take all names of an image, also of one that a container uses; a missing one is no failure"
            ) {
                $0.force = $1
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let force = force
        context.isReceipt = true
        return context.printEach(operands, ignoresMissing: force, answer: { [("done", .strings($0))] }) {
            name throws(OperationError) in
            try engine.removeImage(name, force: force)
        }
    }
}
