import Core

/// `mydocker man [PAGE]`: the names of the manual pages, or one of them. Packages are made with it.
package struct ManualCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "man", group: .other, operands: "[PAGE]", summary: "Print a manual page, or their names",
            operandCount: 0...1)
    }
    package static var flags: [Flag<ManualCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let pages = ManualPage.all(of: CommandLineTool.commands)
        guard let name = operands.first else {
            for page in pages { context.output.line(page.name) }
            return 0
        }
        guard let page = pages.first(where: { $0.name == name }) else {
            throw OperationError("no manual page \(name)", kind: .notFound)
        }
        context.output.write(page.text)
        return 0
    }
}
