import Core
import Engine
import Forms
import Linux

/// `mydocker top`: the processes of a container, in the host's numbers.
package struct TopCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "top", group: .containers, operands: "CONTAINER [ps OPTIONS]",
            summary: "Show the processes of a container", operandCount: 1...Int.max, stopsAtOperand: true)
    }
    package static var flags: [Flag<TopCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        // No option of ps(1).
        let options = operands.dropFirst().filter { $0 != "--json" }
        if options.count < operands.count - 1 { context.isJSON = true }
        let format = try ProcessFormat(options)
        let processes = try context.engine.processes(of: operands[0])
        let clock = ProcessClock.read()
        let users = Self.users(Files.foreignText("/etc/passwd") ?? "")
        var table = TextTable(minimumWidth: 20)
        table.add(format.columns.map(\.header))
        for process in processes {
            table.add(
                format.columns.map { TerminalText.escaped($0.column.text(of: process, clock, users: users)) })
        }
        context.output.write(table.text)
        return 0
    }

    /// Names of this host's users.
    private static func users(_ passwd: String) -> [UInt32: String] {
        let entries = passwd.split(separator: "\n").compactMap { line -> (UInt32, String)? in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 2, let id = UInt32(fields[2]) else { return nil }
            return (id, String(fields[0]))
        }
        return Dictionary(entries) { first, _ in first }
    }
}
