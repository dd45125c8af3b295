import Core

extension Instruction {
    init(_ line: LogicalLine, escape: UInt8) throws(DockerfileError) {
        let (word, rest) = Keyword.split(line.bytes[...])
        lines = line.lines
        text = word.uppercased() + (rest.isEmpty ? "" : " ") + rest.text
        command = try locating(line.lines) { () throws(DockerfileError) in
            guard let keyword = Keyword(rawValue: word.uppercased()) else { throw Keyword.unknown(word) }
            let body = InstructionBody(rest, line.heredocs, escape: escape)
            return try Self.command(keyword, body, line)
        }
    }

    /// What an image says that is to happen when another one is built on it.
    package init(trigger text: String, at lines: ClosedRange<Int>) throws(DockerfileError) {
        let read = try locating(lines) { () throws(DockerfileError) -> Instruction? in
            var reader = try LogicalLines(text.kernelBytes)
            guard let line = try reader.next() else { return nil }
            guard try reader.next() == nil else {
                throw DockerfileError("onbuild trigger should be a single expression")
            }
            try Instruction.refuseTrigger(Keyword.split(line.bytes[...]).word)
            return try Instruction(line, escape: .backslash)
        }
        guard let read else { throw DockerfileError("ONBUILD requires at least one argument", at: lines) }
        self.init(command: read.command, lines: lines, text: read.text)
    }

    private static func command(
        _ keyword: Keyword, _ body: InstructionBody, _ line: LogicalLine
    ) throws(DockerfileError) -> Command {
        switch keyword {
        case .from: return .from(try From(body))
        case .run: return .run(try Run(body))
        case .copy, .add: return .copy(try Copy(body, isAdd: keyword == .add))
        case .healthcheck: return .healthCheck(try healthCheck(body))
        case .onbuild: return .onBuild(try trigger(body, line))
        default: return try plainCommand(keyword, body.withoutFlags())
        }
    }

    /// Those without flags.
    private static func plainCommand(
        _ keyword: Keyword, _ body: InstructionBody
    ) throws(DockerfileError) -> Command {
        let name = keyword.rawValue
        switch keyword {
        case .arg: return .argument(try arguments(body))
        case .env: return .environment(try body.settings(name))
        case .label: return .label(try body.settings(name))
        case .cmd: return .command(try body.invocation())
        case .entrypoint: return .entrypoint(try body.invocation())
        case .shell: return .shell(try shell(body))
        case .workdir: return .workingDirectory(try body.one(name))
        case .user: return .user(try body.one(name))
        case .stopsignal: return .stopSignal(try body.one(name))
        case .maintainer: return .maintainer(try body.one(name))
        case .expose: return .expose(try several(body.plainWords, name))
        case .volume: return .volume(try volumes(body))
        default: throw Keyword.unknown(name)
        }
    }
}

// MARK: - Single instructions

extension Instruction {
    private static func several(_ words: [String], _ keyword: String) throws(DockerfileError) -> [String] {
        guard !words.isEmpty else { throw DockerfileError("\(keyword) requires at least one argument") }
        return words
    }

    private static func volumes(_ body: InstructionBody) throws(DockerfileError) -> [String] {
        let words = try several(body.jsonWords ?? body.plainWords, "VOLUME")
        guard !words.contains(where: { $0.utf8.allSatisfy(\.isBlank) }) else {
            throw DockerfileError("VOLUME specified can not be an empty string")
        }
        return words
    }

    private static func shell(_ body: InstructionBody) throws(DockerfileError) -> [String] {
        guard case .words(let words) = try body.invocation() else {
            throw DockerfileError("SHELL requires the arguments to be in JSON form")
        }
        return try several(words, "SHELL")
    }

    private static func arguments(_ body: InstructionBody) throws(DockerfileError) -> [Argument] {
        var arguments: [Argument] = []
        for word in try several(body.rawWords, "ARG") {
            let equals = word.utf8.firstIndex(of: .equals)
            let name = String(word[..<(equals ?? word.endIndex)])
            guard !name.isEmpty else { throw DockerfileError("ARG names can not be blank") }
            arguments.append(Argument(name: name, value: equals.map { String(word[word.utf8.index(after: $0)...]) }))
        }
        return arguments
    }

    private static func healthCheck(_ body: InstructionBody) throws(DockerfileError) -> HealthCheck {
        var check = HealthCheck()
        let (word, rest) = Keyword.split(body.rest)
        guard !word.isEmpty else { throw DockerfileError("HEALTHCHECK requires at least one argument") }
        if word.uppercased() == HealthCheck.off {
            guard rest.isEmpty else { throw DockerfileError("HEALTHCHECK NONE takes no arguments") }
            _ = try body.withoutFlags()
            check.test = [HealthCheck.off]
            return check
        }
        guard word.uppercased() == "CMD" else {
            throw DockerfileError("Unknown type \"\(word.uppercased())\" in HEALTHCHECK (try CMD)")
        }
        guard !rest.isEmpty else { throw DockerfileError("Missing command after HEALTHCHECK CMD") }
        switch try InstructionBody(rest, [], escape: body.escape).invocation() {
        case .words(let words): check.test = ["CMD"] + words
        case .line(let line): check.test = ["CMD-SHELL", line]
        }
        try takeSettings(of: body, &check)
        return check
    }

    private static func takeSettings(of body: InstructionBody, _ check: inout HealthCheck) throws(DockerfileError) {
        var flags = try Flags(body.flags)
        let spans: [(String, WritableKeyPath<HealthCheck, Int64>)] = [
            ("interval", \.interval), ("timeout", \.timeout), ("start-period", \.startPeriod),
            ("start-interval", \.startInterval),
        ]
        for (name, member) in spans {
            guard let text = try flags.value(name) else { continue }
            guard let nanoseconds = GoDuration.nanoseconds(text) else {
                throw DockerfileError("invalid duration \"\(text)\" for --\(name)")
            }
            check[keyPath: member] = nanoseconds
        }
        if let text = try flags.value("retries") {
            guard let number = Int64(text), number >= 0 else {
                throw DockerfileError("--retries cannot be negative or no number: \(text)")
            }
            check.retries = number
        }
        try flags.finish()
        if let complaint = check.complaint { throw DockerfileError(complaint) }
    }

    /// What no other image can have done to it.
    private static func refuseTrigger(_ word: String) throws(DockerfileError) {
        switch Keyword(rawValue: word.uppercased()) {
        case .onbuild: throw DockerfileError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
        case .from, .maintainer: throw DockerfileError("\(word.uppercased()) isn't allowed as an ONBUILD trigger")
        default: break
        }
    }

    private static func trigger(_ body: InstructionBody, _ line: LogicalLine) throws(DockerfileError) -> Trigger {
        let body = try body.withoutFlags()
        let (word, _) = Keyword.split(body.rest)
        guard !word.isEmpty else { throw DockerfileError("ONBUILD requires at least one argument") }
        try refuseTrigger(word)
        let inner = LogicalLine(bytes: Array(body.rest), lines: line.lines, heredocs: line.heredocs)
        _ = try Instruction(inner, escape: body.escape)
        return Trigger(text: body.text + line.heredocs.map { "\n" + $0.written + $0.name }.joined())
    }
}

extension From {
    init(_ body: InstructionBody) throws(DockerfileError) {
        var flags = try Flags(body.flags)
        platform = try flags.value("platform")
        try flags.finish()
        let words = body.plainWords
        guard words.count == 1 || words.count == 3 && words[1].lowercased() == "as" else {
            throw DockerfileError("FROM requires either one or three arguments")
        }
        image = words[0]
        guard words.count == 3 else { return }
        let name = words[2].lowercased()
        let isName =
            name.utf8.first?.isASCIILetter == true && name.utf8.allSatisfy { $0.isNameByte || "-.".utf8.contains($0) }
        guard isName else {
            throw DockerfileError(
                "invalid name for build stage: \"\(words[2])\", name can't start with a number or contain symbols")
        }
        self.name = name
    }
}
