/// A manual page in the man macros of roff, from the table of commands.
package struct ManualPage {
    package let name: String
    package let text: String

    /// All of them, that of the program itself first.
    package static func all(of commands: [any Command.Type]) -> [ManualPage] {
        [overview(of: commands)] + commands.map { ManualPage(of: $0.synopsis, flags: $0.specifications + [.json]) }
    }

    private init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    private init(of synopsis: Synopsis, flags: [FlagSpecification]) {
        name = "mydocker-" + synopsis.name.replacingSpaces
        var lines = Self.start(name, synopsis.summary)
        lines += [
            ".SH SYNOPSIS", ".B mydocker \(Self.plain(synopsis.name))", Self.plain("[OPTIONS] " + synopsis.operands),
        ]
        lines += [".SH DESCRIPTION", Self.plain(synopsis.summary) + "."]
        if !synopsis.aliases.isEmpty {
            lines.append("Also called " + synopsis.aliases.map { Self.bold($0) }.joined(separator: ", ") + ".")
        }
        lines.append(".SH OPTIONS")
        for flag in flags.sorted(by: { $0.name < $1.name }) { lines += Self.item(flag) }
        text = Self.joined(lines + [".SH SEE ALSO", ".BR mydocker (1)"])
    }

    private static func overview(of commands: [any Command.Type]) -> ManualPage {
        var lines = start("mydocker", "run Linux containers without a daemon")
        lines += [".SH SYNOPSIS", ".B mydocker", "COMMAND [OPTIONS] [OPERANDS]", ".SH DESCRIPTION"]
        lines.append("Each command has a page of its own, such as")
        lines.append(".BR mydocker\\-run (1).")
        for group in Synopsis.Group.allCases {
            let members = commands.map { $0.synopsis }.filter { $0.group == group }
            guard !members.isEmpty else { continue }
            lines.append(".SH \(group.rawValue.uppercased())")
            for command in members { lines += [".TP", ".B \(plain(command.name))", plain(command.summary) + "."] }
        }
        lines += [".SH EXIT STATUS"]
        for (code, meaning) in exitCodes { lines += [".TP", ".B \(code)", plain(meaning)] }
        lines += [".SH FILES"]
        for (path, meaning) in files { lines += [".TP", ".I \(plain(path))", plain(meaning)] }
        return ManualPage(name: "mydocker", text: joined(lines))
    }

    private static let exitCodes = [
        ("0", "Success; of run, exec and start -a: the program's own code, and 128 and its number for a signal."),
        ("1", "A command has failed."), ("3", "system check has found something."),
        ("64", "The template of inspect --format cannot be read."),
        ("125", "run itself has failed, or the command line cannot be read."),
        ("126", "The program of run or exec cannot be executed."), ("127", "It is not there."),
    ]
    private static let files = [
        ("/var/lib/mydocker", "Networks, containers and images."), ("/run/mydocker", "What is running."),
    ]

    private static func start(_ name: String, _ summary: String) -> [String] {
        // A description begins with a small letter there.
        let small = summary.prefix(1).lowercased() + summary.dropFirst()
        return [
            ".TH \(plain(name.uppercased())) 1 \"\" \"mydocker \(CommandLineTool.version)\"", ".SH NAME",
            "\(plain(name)) \\- \(plain(small))",
        ]
    }

    private static func item(_ flag: FlagSpecification) -> [String] {
        let letter = flag.letter.map { [bold("-\($0)")] } ?? []
        let names = (letter + flag.longNames.map { bold("--\($0)") }).joined(separator: ", ")
        let value = flag.placeholder.map { " \\fI\(plain($0))\\fR" } ?? ""
        return [".TP", names + value, plain(flag.help) + "."]
    }

    private static func bold(_ text: String) -> String { "\\fB\(plain(text))\\fR" }

    /// Nothing in it means anything to roff: no escape, no hyphen that is a dash, no request at the start of a line.
    private static func plain(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "'": escaped += "\\(aq"
            case _ where character.isASCII: escaped.append(character)
            default: for scalar in character.unicodeScalars { escaped += "\\[u\(Self.code(of: scalar))]" }
            }
        }
        return escaped.hasPrefix(".") ? "\\&" + escaped : escaped
    }

    /// As groff_char(7) has it: four digits at least.
    private static func code(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func joined(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}

extension String {
    fileprivate var replacingSpaces: String { String(map { $0 == " " ? "-" : $0 }) }
}
