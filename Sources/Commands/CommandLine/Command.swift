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
    static var answer: Answer { get }
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
        var asksForJSON = false
        return try parse(words, &asksForJSON)
    }

    private static func parse(
        _ words: ArraySlice<String>, _ asksForJSON: inout Bool
    ) throws(UsageError) -> (command: Self, operands: [String]) {
        let flags = flags
        var parsed = ParsedWords()
        defer { asksForJSON = parsed.asksForJSON }
        do throws(FlagError) {
            try FlagParser.parse(
                words, flags: flags.map(\.specification), stopsAtOperand: synopsis.stopsAtOperand, into: &parsed)
        } catch {
            // What is not read yet may ask for it, too.
            let rest = synopsis.stopsAtOperand ? words.prefix { $0.hasPrefix("-") } : words.prefix { $0 != "--" }
            parsed.asksForJSON = parsed.asksForJSON || rest.contains("--json")
            throw .flag(error)
        }
        if parsed.asksForHelp { throw .help }
        var command = Self()
        for occurrence in parsed.occurrences { try command.apply(flags[occurrence.flag], occurrence.value) }
        if let complaint = command.complaint(aboutOperandCount: parsed.operands.count) {
            throw .operandCount(complaint)
        }
        let format = flags.first { $0.specification.name == "format" }
        if parsed.asksForJSON, let format { try command.apply(format, "json") }
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
            var (command, operands) = try parse(words, &context.isJSON)
            return command.finish(operands, &context)
        } catch {
            return refuse(error, &context)
        }
    }

    private mutating func finish(_ operands: [String], _ context: inout CommandContext) -> Int32 {
        context.failureCode = Self.synopsis.failureCode
        do throws(OperationError) {
            let status = try run(operands, &context)
            context.conclude(Self.answer)
            return status
        } catch {
            context.report(error)
            return error.exitCode ?? Self.synopsis.failureCode
        }
    }

    private static func refuse(_ error: UsageError, _ context: inout CommandContext) -> Int32 {
        let usage = ["", "Usage:  \(synopsis.usage)"]
        switch error {
        case .help:
            context.output.write(help)
            return 0
        case .operandCount(let text):
            context.refuse(text, ["\(context.program.name): \(text)"] + usage, synopsis.hint)
            return 1
        case .value(let text):
            context.refuse(text, [text], synopsis.hint)
        case .flag(let error):
            let text = error.text(among: flags.map(\.specification))
            context.refuse(text, [text] + usage, synopsis.hint)
        }
        return 125
    }
}

extension CommandContext {
    /// Says what is wrong with a command line, by JSON or in `lines`, and where one reads more.
    package mutating func refuse(_ text: String, _ lines: [String], _ hint: String) {
        if isJSON { return report(OperationError(text, remedy: hint, kind: .invalid)) }
        errors.lines(lines + ["", hint])
    }
}

extension FlagError {
    package func text(among flags: [FlagSpecification]) -> String {
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
