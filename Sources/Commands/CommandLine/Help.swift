import Linux

/// The help texts.
package enum Help {
    private static var program: String { Program.current.name }

    package static func text(for synopsis: Synopsis, flags: [FlagSpecification]) -> String {
        var text = "Usage:  \(synopsis.usage)\n\n\(synopsis.summary)\n"
        if !synopsis.aliases.isEmpty {
            text += "\nAliases:\n  " + synopsis.names.map { "\(program) \($0)" }.joined(separator: ", ") + "\n"
        }
        return text + "\nOptions:\n" + options(flags)
    }

    private static func options(_ flags: [FlagSpecification]) -> String {
        let lines = (flags + [.json]).sorted { $0.name < $1.name }.map { flag in
            let letter = flag.letter.map { "  -\($0), " } ?? "      "
            let value = flag.placeholder.map { " \($0)" } ?? ""
            return ("\(letter)--\(flag.name)\(value)", flag.help)
        }
        return aligned(lines)
    }

    /// What `mydocker --help` prints.
    package static func overview(of commands: [Synopsis]) -> String {
        var text = "Usage:  \(program) COMMAND\n\nRuns Linux containers, without a daemon.\n"
        text +=
            "\nManagement Commands:\n"
            + aligned(words(of: commands).map { ("  \($0)", "Manage " + (subjects[$0] ?? "\($0)s")) })
        for group in Synopsis.Group.allCases {
            let lines = commands.filter { $0.group == group }.map { ("  \($0.name)", $0.summary) }
            if !lines.isEmpty { text += "\n\(group.rawValue):\n" + aligned(lines) }
        }
        return text
            + "\nGlobal Option:\n  --trace   Tell on standard error, in front of the command's own, what the kernel is asked by netlink and answers\n"
            + "\nRun '\(program) COMMAND --help' for more information on a command.\n"
    }

    /// What commands are about whose first word does not say so.
    private static let subjects = ["system": "all of it", "builder": "builds", "buildx": "builds"]

    /// The first ones of names of two words.
    private static func words(of commands: [Synopsis]) -> [String] {
        let words = commands.flatMap(\.names).filter { $0.contains(" ") }.map { String($0.prefix { $0 != " " }) }
        return Set(words).sorted()
    }

    /// What `mydocker network --help` prints: the commands that begin with `prefix`.
    package static func overview(of prefix: String, _ commands: [Synopsis]) -> String {
        let lines = commands.compactMap { command in
            command.name(in: prefix).map { ("  \($0)", command.summary) }
        }
        return "Usage:  \(program) \(prefix) COMMAND\n\nCommands:\n" + aligned(lines)
            + "\nRun '\(program) \(prefix) COMMAND --help' for more information on a command.\n"
    }

    /// Without the line ends.
    package static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    private static func aligned(_ lines: [(left: String, right: String)]) -> String {
        let width = lines.map { $0.left.count }.max() ?? 0
        return lines.map { line in
            line.left + String(repeating: " ", count: width - line.left.count + 3) + line.right + "\n"
        }.joined()
    }
}
