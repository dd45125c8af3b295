/// What a shell can complete a command line with, from the table of commands and their flags.
package enum Completion: Equatable {
    /// Words, of which those that begin like the one being typed are meant.
    case words([String])
    case names(Set<Noun>)
    /// What the shell completes by itself: files.
    case files

    package enum Noun: CaseIterable {
        case container, image, network
    }

    /// - Parameter words: those behind the program's name; the last one is being typed, and may be empty.
    package init(of words: [String], among commands: [any Command.Type], calledAs find: Find) {
        let typed = words.last ?? ""
        guard let (command, rest) = find(words.dropLast()[...]) else {
            self = .words(Self.commands(behind: Array(words.dropLast()), among: commands))
            return
        }
        self = CommandLineState(rest, of: command).completion(of: typed)
    }

    /// How a command is found by the words that name it.
    package typealias Find = (ArraySlice<String>) -> (any Command.Type, ArraySlice<String>)?

    private static func commands(behind words: [String], among commands: [any Command.Type]) -> [String] {
        let written: [String] = commands.flatMap { $0.synopsis.names }
        let names: [[String]] = written.map { $0.split(separator: " ").map { String($0) } }
        let fitting = names.filter { $0.count > words.count && Array($0.prefix(words.count)) == words }
        return Set(fitting.map { $0[words.count] }).sorted()
    }
}

/// Where one is in the words of a command.
private struct CommandLineState {
    private let synopsis: Synopsis
    private let flags: [FlagSpecification]
    /// The flag that the next word is the value of.
    private var pending: FlagSpecification?
    private var operandCount = 0
    private var isBehindFlags = false

    init(_ words: ArraySlice<String>, of command: any Command.Type) {
        synopsis = command.synopsis
        flags = command.specifications + [.json]
        for word in words { read(word) }
    }

    private mutating func read(_ word: String) {
        if pending != nil {
            pending = nil
        } else if isBehindFlags || !word.hasPrefix("-") || word == "-" {
            operandCount += 1
            isBehindFlags = isBehindFlags || synopsis.stopsAtOperand
        } else if word == "--" {
            isBehindFlags = true
        } else {
            pending = flagWantingValue(word)
        }
    }

    /// `--name`, `-n`, or a bundle whose last letter has no value yet.
    private func flagWantingValue(_ word: String) -> FlagSpecification? {
        let name = String(word.drop { $0 == "-" })
        let named = flags.first { $0.isNamed(name) }
        let lettered = word.hasPrefix("--") ? nil : flags.first { $0.letter == word.last && $0.takesValue }
        return [named, lettered].compactMap { $0 }.first { $0.takesValue }
    }

    func completion(of typed: String) -> Completion {
        if let pending { return Self.completion(of: pending.placeholder ?? "") }
        if !isBehindFlags, typed.hasPrefix("--"), let equals = typed.firstIndex(of: "=") {
            let name = typed[..<equals].dropFirst(2)
            return Self.completion(of: flags.first { $0.isNamed(String(name)) }?.placeholder ?? "")
        }
        if !isBehindFlags, typed.hasPrefix("-") { return .words(flags.map { "--\($0.name)" }.sorted()) }
        if synopsis.stopsAtOperand, operandCount > 0 { return .files }
        // What `inspect` takes.
        if ["NAME", "[NAME...]"].contains(operand) { return .names(Set(Completion.Noun.allCases)) }
        return Self.completion(of: operand)
    }

    /// The placeholder of the next operand; the last one may be repeated.
    private var operand: String {
        let operands = synopsis.operands.split(separator: " ").map(String.init)
        return operands.isEmpty ? "" : operands[min(operandCount, operands.count - 1)]
    }

    private static func completion(of placeholder: String) -> Completion {
        let nouns: [(word: String, noun: Completion.Noun)] = [
            ("CONTAINER", .container), ("IMAGE", .image), ("REPOSITORY", .image), ("NETWORK", .network),
        ]
        let shells = CompletionScript.allCases.map(\.rawValue)
        if placeholder == shells.joined(separator: "|") { return .words(shells) }
        let word = placeholder.prefix { $0.isLetter || $0 == "[" }.drop { $0 == "[" }
        guard let noun = nouns.first(where: { $0.word == word })?.noun else { return .files }
        return .names([noun])
    }
}

extension Command {
    /// How its flags are written.
    package static var specifications: [FlagSpecification] { flags.map(\.specification) }
}
