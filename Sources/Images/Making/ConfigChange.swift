import Core
import Linux

/// Instructions of a Dockerfile that change an image's configuration: the `--change` of `import` and `commit`.
enum ConfigChange {
    static let instructions = [
        "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME",
        "WORKDIR",
    ]

    static func apply(_ changes: [String], to config: inout ImageConfig) throws(OperationError) {
        var setsCommand = false
        for change in changes {
            let words = change.drop(while: \.isWhitespace).split(maxSplits: 1, whereSeparator: \.isWhitespace)
            let instruction = words.first.map { $0.uppercased() } ?? ""
            let argument = trimmed(words.count > 1 ? words[1] : "")
            guard !argument.isEmpty || instruction == "CMD" || instruction == "ENTRYPOINT" else {
                throw invalid(change, instruction.isEmpty ? "it is empty" : "\(instruction) requires an argument")
            }
            try apply(instruction, argument, of: change, &setsCommand, to: &config)
            if let member = config.memberWithZeroByte { throw invalid(change, "\(member) would have a zero byte") }
        }
    }

    private static func apply(
        _ instruction: String, _ argument: String, of change: String, _ setsCommand: inout Bool,
        to config: inout ImageConfig
    ) throws(OperationError) {
        switch instruction {
        case "CMD":
            config.command = try arguments(argument, of: change)
            setsCommand = true
        case "ENTRYPOINT":
            config.entrypoint = try arguments(argument, of: change)
            // The command of the image below was meant for another program.
            if !setsCommand { config.command = nil }
        case "ENV":
            for (key, value) in try pairs(argument, of: change) { config.setEnvironment(key, to: value) }
        case "LABEL":
            for (key, value) in try pairs(argument, of: change) { config.labels[key] = value }
        case "EXPOSE": config.exposedPorts = try merge(config.exposedPorts, ports(argument, of: change))
        case "VOLUME": config.volumes = try merge(config.volumes, list(argument, of: change))
        case "WORKDIR":
            config.workingDirectory = CleanPath.join(config.workingDirectory, try word(argument, of: change))
        case "USER": config.user = try word(argument, of: change)
        case "ONBUILD": config.onBuild.append(try trigger(argument, of: change))
        case "HEALTHCHECK":
            guard let check = HealthCheck(instruction: argument), check.complaint == nil else {
                throw invalid(change, "use NONE, or CMD with a command, behind --interval, --timeout and the like")
            }
            config.healthCheck = check
        case "STOPSIGNAL":
            guard Signal.parse(argument) != nil else { throw invalid(change, "no such signal") }
            config.stopSignal = argument
        default:
            throw invalid(change, "\(instruction) is not one of \(instructions.joined(separator: ", "))")
        }
    }

    private static func invalid(_ change: String, _ reason: String) -> OperationError {
        OperationError("change image configuration", change, reason: reason)
    }
}

// MARK: - Arguments

extension ConfigChange {
    private static let triggers = instructions + ["ADD", "ARG", "COPY", "RUN", "SHELL"]

    /// An instruction for whoever builds on the image. Its argument is read there.
    private static func trigger(_ text: String, of change: String) throws(OperationError) -> String {
        let word = text.prefix { !$0.isWhitespace }.uppercased()
        if word == "ONBUILD" { throw invalid(change, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed") }
        if ["FROM", "MAINTAINER"].contains(word) {
            throw invalid(change, "\(word) isn't allowed as an ONBUILD trigger")
        }
        guard triggers.contains(word) else { throw invalid(change, "unknown instruction: \(word)") }
        return text
    }

    /// Exec form, `["a", "b"]`, or shell form, anything else.
    private static func arguments(_ text: String, of change: String) throws(OperationError) -> [String] {
        if text.isEmpty { return [] }
        if text.hasPrefix("["), let words = (try? JSON(parsing: text))?.strings { return words }
        return ["/bin/sh", "-c", text]
    }

    private static func list(_ text: String, of change: String) throws(OperationError) -> [String] {
        if text.hasPrefix("["), let words = (try? JSON(parsing: text))?.strings { return words }
        return try words(text, of: change)
    }

    private static func word(_ text: String, of change: String) throws(OperationError) -> String {
        let words = try words(text, of: change)
        guard words.count == 1 else { throw invalid(change, "it takes exactly one argument") }
        return words[0]
    }

    /// `K=V K2="V 2"`, or the old form `K V` whose value is the rest of the line.
    private static func pairs(_ text: String, of change: String) throws(OperationError) -> [(String, String)] {
        let words = try words(text, of: change)
        if let first = words.first, !first.contains("=") {
            guard words.count > 1 else { throw invalid(change, "it must have the form KEY=VALUE") }
            return [(first, trimmed(text.dropFirst(first.count)))]
        }
        var pairs: [(String, String)] = []
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
                throw invalid(change, "\"\(word)\" does not have the form KEY=VALUE")
            }
            pairs.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
        }
        return pairs
    }

    /// `80 443/udp 8000-8002`, each with its protocol.
    private static func ports(_ text: String, of change: String) throws(OperationError) -> [String] {
        var ports: [String] = []
        for word in try words(text, of: change) {
            let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
            let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard ["tcp", "udp", "sctp"].contains(transport), let low = Decimal.parse(ends[0], in: 1...65_535),
                let high = ends.count > 1 ? Decimal.parse(ends[1], in: low...65_535) : low
            else { throw invalid(change, "\"\(word)\" is not a port") }
            ports += (low...high).map { "\($0)/\(transport)" }
        }
        return ports
    }

    /// Splits at blanks, except in quotes and behind a backslash.
    private static func words(_ text: String, of change: String) throws(OperationError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var escaped = false
        for character in text {
            if escaped {
                word = (word ?? "") + String(character)
                escaped = false
            } else if character == "\\", quote != "'" {
                escaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !escaped else { throw invalid(change, "a quote is not closed") }
        return word.map { words + [$0] } ?? words
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = text.drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }

    private static func merge(_ old: [String], _ new: [String]) -> [String] { Set(old + new).sorted() }
}
