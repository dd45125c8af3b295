import Core

/// How a flag is written and what help says about it. It drives parsing, help and completion alike.
package struct FlagSpecification: Equatable, Sendable {
    /// Without dashes. One dash before it works as well as two (`-net`, `--net`).
    package let name: String
    package let letter: Character?
    /// Other long spellings, left out of help.
    package let aliases: [String]
    /// What stands for the value in help; nil when the flag is a switch, true by being there.
    package let placeholder: String?
    package let help: String

    /// What every command has.
    package static let json = FlagSpecification(
        name: "json", letter: nil, aliases: [], placeholder: nil, help: "Print the result as one JSON value")

    package var takesValue: Bool { placeholder != nil }
    package var longNames: [String] { [name] + aliases }

    /// `-m, --memory`, as errors name it.
    package var description: String { letter.map { "-\($0), --\(name)" } ?? "--\(name)" }

    package func isNamed(_ word: String) -> Bool { name == word || aliases.contains(word) }
}

/// One flag of a command, with what its value does to that command.
package struct Flag<Options> {
    package typealias Effect = (inout Options, String) throws(OperationError) -> Void

    package let specification: FlagSpecification
    package let apply: Effect

    /// A flag that is there or not; `--name=false` takes it back.
    package static func toggle(
        _ name: String, short letter: Character? = nil, also aliases: [String] = [], _ help: String,
        _ set: @escaping (inout Options, Bool) throws(OperationError) -> Void
    ) -> Flag {
        let specification = FlagSpecification(
            name: name, letter: letter, aliases: aliases, placeholder: nil, help: help)
        return Flag(specification: specification) { (options, text) throws(OperationError) in
            guard let value = Boolean.read(text) else { throw OperationError("use true or false") }
            try set(&options, value)
        }
    }

    /// A flag with a value; `apply` sees each one that is given, in order.
    package static func value(
        _ name: String, short letter: Character? = nil, also aliases: [String] = [], _ placeholder: String,
        _ help: String, _ apply: @escaping Effect
    ) -> Flag {
        let specification = FlagSpecification(
            name: name, letter: letter, aliases: aliases, placeholder: placeholder, help: help)
        return Flag(specification: specification, apply: apply)
    }

    /// The same flag of a command that has this one's as a part.
    package func lifted<Whole>(to part: WritableKeyPath<Whole, Options>) -> Flag<Whole> {
        Flag<Whole>(specification: specification) { (whole, text) throws(OperationError) in
            try apply(&whole[keyPath: part], text)
        }
    }
}

/// As Go's strconv.ParseBool has it.
enum Boolean {
    static func read(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "True", "TRUE": true
        case "0", "f", "F", "false", "False", "FALSE": false
        default: nil
        }
    }
}
