import Core
import Engine

/// `mydocker logout`: forgets what a registry knows the caller by.
package struct LogoutCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "logout", group: .images, operands: "[SERVER]", summary: "Log out of a registry",
            operandCount: 0...1)
    }

    package init() {}

    package static var flags: [Flag<LogoutCommand>] { [] }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let registry = try context.engine.registryName(operands.first)
        let wasLoggedIn = try context.engine.logOut(of: registry)
        context.isReceipt = true
        context.answer = ["registry": .string(registry), "removed": .bool(wasLoggedIn)]
        context.output.line(
            wasLoggedIn ? "Removing login credentials for \(registry)" : "Not logged in to \(registry)")
        return 0
    }
}
