import Core
import Testing

@testable import Commands

private func outcome(_ words: [String]) -> (status: Int32, output: String, errors: String) {
    var context = CommandContext.recording()
    let status = CommandLineTool.run(words[...], &context)
    return (
        status, String(decoding: context.output.bytes, as: UTF8.self),
        String(decoding: context.errors.bytes, as: UTF8.self)
    )
}

/// docs/json.md
@Suite struct JSONOutputTests {
    /// Wrong flags end every command before it does anything.
    @Test func everyCommandSaysErrorsAsJSON() throws {
        for command in CommandLineTool.commands {
            let words = command.synopsis.name.split(separator: " ").map(String.init)
            let result = outcome(words + ["--json", "--no-such-flag"])
            #expect(result.status == 125 && result.output.isEmpty, "\(words)")
            let lines = result.errors.split(separator: "\n")
            let error = try JSON(parsing: String(lines.first ?? ""))["error"]
            #expect(lines.count == 1 && error?["code"]?.string == "invalid", "\(words): \(result.errors)")
            #expect(error?["message"]?.string == "unknown flag: --no-such-flag", "\(words)")
            #expect(error?["remedy"]?.string?.contains("--help") == true, "\(words)")
        }
    }

    @Test(arguments: [["network", "--json"], ["network", "--json", "--json"], ["network", "--json", "nosuch"]])
    func whatIsNoCommand(words: [String]) throws {
        let result = outcome(words)
        #expect(result.status == 1 && result.output.isEmpty)
        let error = try JSON(parsing: result.errors)["error"]
        let word = words.last == "nosuch" ? "unknown command: mydocker network nosuch" : nil
        #expect(error?["code"]?.string == "invalid")
        #expect(error?["message"]?.string == word ?? "'mydocker network' requires a command")
        #expect(error?["remedy"]?.string == "Run 'mydocker network --help' for more information")
    }

    /// A list's objects are one array; what has `--format` and is no list prints one value itself.
    @Test func answersOfCommandsWithAFormat() {
        let answers = CommandLineTool.commands.reduce(into: [String: Answer]()) { $0[$1.synopsis.name] = $1.answer }
        for name in ["ps", "images", "network list"] { #expect(answers[name] == .list) }
        for name in ["inspect", "network inspect", "version"] { #expect(answers[name] == .value) }
        for name in ["run", "stop", "completion"] { #expect(answers[name] == .text) }
    }

    @Test func answers() {
        func concluded(_ kind: Answer, _ body: (inout CommandContext) -> Void) -> String {
            var context = CommandContext.recording()
            context.isJSON = true
            body(&context)
            context.conclude(kind)
            return String(decoding: context.output.bytes, as: UTF8.self)
        }
        #expect(concluded(.list) { $0.output.write("{\"a\":1}\n{\"a\":2}\n") } == "[{\"a\":1},{\"a\":2}]\n")
        #expect(concluded(.list) { _ in } == "[]\n")
        #expect(concluded(.value) { $0.output.line("{}") } == "{}\n")
        #expect(concluded(.text) { $0.output.write("a\nb \"c\"\n") } == #"{"lines":["a","b \"c\""]}"# + "\n")
        #expect(concluded(.text) { _ in } == "")
        #expect(concluded(.text) { $0.answer(id: "0f", fate: "it is there", undo: "rm 0f") } == #"{"id":"0f"}"# + "\n")
    }

    @Test func someOfSeveral() throws {
        var context = CommandContext.recording()
        context.isJSON = true
        let status = context.forEach(["a", "b"]) { name throws(OperationError) in
            if name == "a" { throw OperationError("stop", name, reason: "no", remedy: "try b", kind: .conflict) }
        }
        context.conclude(.text)
        #expect(status == 1)
        #expect(String(decoding: context.output.bytes, as: UTF8.self) == #"[{"name":"b"}]"# + "\n")
        #expect(
            String(decoding: context.errors.bytes, as: UTF8.self)
                == #"{"error":{"code":"conflict","message":"stop \"a\": no","remedy":"try b"}}"# + "\n")
    }

    /// A program's own words are left alone.
    @Test func flagsEndAtTheProgram() throws {
        var parsed = ParsedWords()
        try FlagParser.parse(["sh", "--json"], flags: [], stopsAtOperand: true, into: &parsed)
        #expect(!parsed.asksForJSON && parsed.operands == ["sh", "--json"])
        try FlagParser.parse(["--json", "sh"], flags: [], stopsAtOperand: true, into: &parsed)
        #expect(parsed.asksForJSON && parsed.operands == ["sh"])
    }

    @Test func warningsAreJSONToo() {
        var context = CommandContext.recording()
        context.isJSON = true
        context.warn([OperationError("read", "x", reason: "damaged", kind: .damaged)])
        #expect(
            String(decoding: context.errors.bytes, as: UTF8.self)
                == #"{"warning":{"code":"damaged","message":"read \"x\": damaged"}}"# + "\n")
    }
}
