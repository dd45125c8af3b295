import Linux

/// What a command is called and what it takes, apart from its flags.
package struct Synopsis: Sendable {
    package enum Group: String, CaseIterable, Sendable {
        case containers = "Containers"
        case images = "Images"
        case networks = "Networks"
        case volumes = "Volumes"
        case other = "Other"

        /// What may stand before the names of its commands: `container run`.
        package var prefix: String? {
            switch self {
            case .containers: "container"
            case .images: "image"
            case .networks, .volumes, .other: nil
            }
        }
    }

    /// The words behind `mydocker`: `run`, `network create`.
    package let name: String
    package var aliases: [String] = []
    package let group: Group
    package let operands: String
    package let summary: String
    package let operandCount: ClosedRange<Int>
    /// `run` and `exec`: the first operand begins another program's command line.
    package var stopsAtOperand = false
    /// The exit code of a failure that has none of its own.
    package var failureCode: Int32 = 1

    package var names: [String] { [name] + aliases + (groupedName.map { [$0] } ?? []) }
    /// `container run`; nil where there is a name of two words already.
    private var groupedName: String? {
        guard let prefix = group.prefix, !name.contains(" "),
            !aliases.contains(where: { $0.contains(" ") })
        else { return nil }
        return "\(prefix) \(name)"
    }
    package func isNamed(_ word: String) -> Bool {
        // Each start asks this of many commands: the name that has to be put together comes last.
        name == word || aliases.contains(word)
            || group.prefix.map { word.hasPrefix($0) } ?? false && word == groupedName
    }
    /// The first of its names that is `word` and one more, and that one.
    package func name(in word: String) -> String? {
        names.first { $0.hasPrefix(word + " ") }.map { String($0.dropFirst(word.utf8.count + 1)) }
    }
    package var usage: String {
        let words = [Program.current.name, name, "[OPTIONS]", operands].filter { !$0.isEmpty }
        return words.joined(separator: " ")
    }
    package var hint: String { "Run '\(Program.current.name) \(name) --help' for more information" }

    /// Nil when so many operands are right.
    package func complaint(aboutOperandCount count: Int) -> String? {
        guard !operandCount.contains(count) else { return nil }
        let (least, most) = (operandCount.lowerBound, operandCount.upperBound)
        let requirement: String
        if most == 0 {
            requirement = "accepts no arguments"
        } else if least == most {
            requirement = "requires \(Self.arguments(least))"
        } else {
            requirement =
                count < least
                ? "requires at least \(Self.arguments(least))" : "requires at most \(Self.arguments(most))"
        }
        return "'\(Program.current.name) \(name)' \(requirement)"
    }

    private static func arguments(_ count: Int) -> String { count == 1 ? "1 argument" : "\(count) arguments" }
}
