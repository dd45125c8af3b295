import Core
import Glibc

/// What `--json` makes of a command's output: one JSON value (docs/json.md).
package enum Answer {
    /// One object or array, as the command prints it; of what goes on, an object a line.
    case value
    /// An object a line: they become one array.
    case list
    /// Text: `{"lines": […]}`, unless the command has set an answer of its own.
    case text
}

extension Command {
    /// What has `--format` prints JSON by itself: lists, which have `--quiet` too, an object a line.
    package static var answer: Answer {
        let names = flags.map(\.specification.name)
        guard names.contains("format") else { return .text }
        return names.contains("quiet") ? .list : .value
    }
}

extension CommandContext {
    /// The id of what a command has made.
    /// - Parameters:
    ///   - fate: what is there now, for who cannot be told the id: `container 0123456789ab was started`.
    ///   - undo: the words of the command that takes it away; nil where it may have been there before.
    package mutating func answer(id: String, fate: String, undo: String?) {
        tell(id, as: "id", fate: fate, undo: undo)
    }

    /// - Parameter member: what JSON calls the word.
    package mutating func tell(_ word: String, as member: String, fate: String, undo: String?) {
        isReceipt = true
        made = (member, fate, undo)
        if isJSON { answer = .object([(member, .string(word))]) } else { output.line(word) }
    }

    /// Says that output could not be written. A reader that has gone away knows it, but not what there is now.
    package mutating func report(unwritten failure: Int32) {
        if let made {
            report(
                OperationError(
                    "\(made.fate), but its \(made.word) cannot be written", errno: failure,
                    remedy: made.undo.map { "\(program.name) \($0) takes it away" }))
        } else if failure != EPIPE {
            report(OperationError("write standard output", errno: failure))
        }
    }

    /// Lines for sh(1).
    package mutating func show(_ commands: [ShellCommand]) {
        for command in commands { output.line(command.description) }
        answer = .array(commands.map { ["command": .string($0.description), "words": .strings($0.words)] })
    }

    /// Puts the one JSON value in the place of what the command has printed. A command that has printed nothing has
    /// none: what a program in a container writes is the program's.
    package mutating func conclude(_ kind: Answer) {
        guard isJSON else { return }
        if let answer {
            output.replace(with: answer.printed)
        } else if kind == .list {
            output.replace(with: "[" + output.lines.joined(separator: ",") + "]")
        } else if kind == .text, !output.bytes.isEmpty {
            output.replace(with: JSON.object([("lines", .strings(output.lines))]).printed)
        }
    }
}

extension OperationError {
    /// A file that is not there is what code must not decide by, and what a script may.
    private var kindToTell: ErrorKind { kind == .failed && errno == ENOENT ? .notFound : kind }

    /// As `--json` tells it, under the key `name`: `error` or `warning`.
    package func json(_ name: String, remedy: String?) -> String {
        var members: [(key: String, value: JSON)] = [
            ("code", .string(kindToTell.rawValue)), ("message", .string(TerminalText.escaped(description))),
        ]
        if let remedy { members.append(("remedy", .string(TerminalText.escaped(remedy)))) }
        return JSON.object([(name, .object(members))]).printed
    }
}
