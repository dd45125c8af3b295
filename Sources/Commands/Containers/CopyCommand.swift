import Core
import Engine
import Forms
import Glibc
import Linux

/// `mydocker cp`: copies files between a container and this host.
package struct CopyCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "cp", group: .containers, operands: "CONTAINER:PATH|PATH|- CONTAINER:PATH|PATH|-",
            summary: "Copy files between a container and this host; - is a tar archive by standard input or output",
            operandCount: 2...2)
    }

    var keepsOwners = false
    var followsLink = false
    /// Nil: whether there is a terminal says it.
    var isQuiet: Bool?

    package init() {}

    package static var flags: [Flag<CopyCommand>] {
        [
            .toggle("archive", short: "a", "Keep the owners of all files") { $0.keepsOwners = $1 },
            .toggle("follow-link", short: "L", "Copy what a symbolic link leads to, when the source is one") {
                $0.followsLink = $1
            },
            .toggle("quiet", short: "q", "Do not say how much was copied, as without a terminal") { $0.isQuiet = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        guard !operands[0].isEmpty else { throw OperationError("source can not be empty", kind: .invalid) }
        guard !operands[1].isEmpty else { throw OperationError("destination can not be empty", kind: .invalid) }
        var request = CopyRequest(from: CopyEnd(parsing: operands[0]), to: CopyEnd(parsing: operands[1]))
        request.keepsOwners = keepsOwners
        request.followsLink = followsLink
        let report = try context.engine.copy(request)
        if request.destination != .stream, !(isQuiet ?? !Terminal.isTerminal(STDOUT_FILENO)) {
            context.errors.line("Successfully copied \(HumanText.size(report.size)) to \(report.destination)")
        }
        return 0
    }
}
