import Core
import Engine

/// One command: its value holds what its flags said.
package protocol Command {
    static var synopsis: Synopsis { get }
    /// Computed, never stored: only the command that was named builds its table.
    static var flags: [Flag<Self>] { get }
    init()
    /// Nil when so many operands are right.
    func complaint(aboutOperandCount count: Int) -> String?
    mutating func run(_ operands: [String], _ context: inout CommandContext) throws(OperationError) -> Int32

    // Requirements only so that they are compiled for each command instead of for any.
    static func execute(_ words: ArraySlice<String>, _ context: inout CommandContext) -> Int32
    static var help: String { get }
}

/// Why the words of a command line are no request.
package enum UsageError: Error, Equatable {
    case flag(FlagError)
    case value(String)
    case operandCount(String)
    case help
}

extension Command {
    package func complaint(aboutOperandCount count: Int) -> String? {
        Self.synopsis.complaint(aboutOperandCount: count)
    }

    package static var help: String { Help.text(for: synopsis, flags: flags.map(\.specification)) }

    /// Reads the flags and operands.
    package static func parse(
        _ words: ArraySlice<String>
    ) throws(UsageError) -> (command: Self, operands: [String]) {
        let flags = flags
        let parsed: ParsedWords
        do throws(FlagError) {
            parsed = try FlagParser.parse(
                words, flags: flags.map(\.specification), stopsAtOperand: synopsis.stopsAtOperand)
        } catch { throw .flag(error) }
        if parsed.asksForHelp { throw .help }
        var command = Self()
        for occurrence in parsed.occurrences { try command.apply(flags[occurrence.flag], occurrence.value) }
        if let complaint = command.complaint(aboutOperandCount: parsed.operands.count) {
            throw .operandCount(complaint)
        }
        return (command, parsed.operands)
    }

    private mutating func apply(_ flag: Flag<Self>, _ value: String) throws(UsageError) {
        do throws(OperationError) {
            try flag.apply(&self, value)
        } catch {
            throw .value(
                "invalid argument \(JSON.quoted(value)) for \"\(flag.specification.description)\" flag: "
                    + error.text(withoutSubject: value))
        }
    }

    package static func execute(_ words: ArraySlice<String>, _ context: inout CommandContext) -> Int32 {
        do throws(UsageError) {
            var (command, operands) = try parse(words)
            return command.finish(operands, &context)
        } catch {
            return refuse(error, &context)
        }
    }

    private mutating func finish(_ operands: [String], _ context: inout CommandContext) -> Int32 {
        do throws(OperationError) {
            return try run(operands, &context)
        } catch {
            context.report(error)
            return error.exitCode ?? Self.synopsis.failureCode
        }
    }

    private static func refuse(_ error: UsageError, _ context: inout CommandContext) -> Int32 {
        switch error {
        case .help:
            context.output.write(help)
            return 0
        case .operandCount(let text):
            context.errors.lines(["mydocker: \(text)", "", "Usage:  \(synopsis.usage)", "", synopsis.hint])
            return 1
        case .value(let text):
            context.errors.lines([text, "", synopsis.hint])
        case .flag(let error):
            let text = error.text(among: flags.map(\.specification))
            context.errors.lines([text, "", "Usage:  \(synopsis.usage)", "", synopsis.hint])
        }
        return 125
    }
}

extension FlagError {
    fileprivate func text(among flags: [FlagSpecification]) -> String {
        func suggestion(_ name: String) -> String {
            let names = flags.flatMap(\.longNames) + ["help"]
            return Suggestion.nearest(to: name, among: names).map { " (did you mean --\($0)?)" } ?? ""
        }
        switch self {
        case .unknownLong(let written, let name): return "unknown flag: \(written)" + suggestion(name)
        case .unknownLetter(let letter, let word):
            let name = word.dropFirst().prefix { $0 != "=" }
            return "unknown shorthand flag: '\(letter)' in \(word)" + suggestion(String(name))
        case .missingValue(let flag): return "flag needs an argument: \(flag)"
        }
    }
}

extension OperationError {
    /// The description, without a subject that the sentence around it names already.
    fileprivate func text(withoutSubject value: String) -> String {
        if subject == value, case .reason(let reason) = cause { return reason }
        return description
    }
}
