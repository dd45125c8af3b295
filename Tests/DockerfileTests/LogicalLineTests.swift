import Testing

@testable import Dockerfile

/// From text to instructions, before anything is known of them.
@Suite struct LogicalLineTests {
    private func texts(_ text: String) throws -> [String] {
        try dockerfile("FROM scratch\n" + text).stages[0].instructions.map(\.text)
    }

    @Test func linesGoOn() throws {
        let lines = ["RUN a && \\", "  # a comment", "", "    b \\  ", "    c"].joined(separator: "\n")
        #expect(try texts(lines) == ["RUN a &&     b     c"])
        #expect(try texts("RUN a\\\nb") == ["RUN ab"])
        // An escaped escape ends nothing.
        #expect(try texts("RUN a\\\\\nRUN b") == ["RUN a\\\\", "RUN b"])
        #expect(try texts("RUN a \\\n\n\n\nRUN b") == ["RUN a RUN b"])
        #expect(try texts("run a\r\nRun b\r\n") == ["RUN a", "RUN b"])
    }

    @Test func numbersAreThoseOfTheFile() throws {
        let file = try dockerfile("# x\n\nFROM scratch\nRUN a \\\n # c\n b\n\nRUN <<E\n1\n2\nE\nRUN c\n")
        #expect(file.stages[0].origin.lines == 3...3)
        #expect(file.stages[0].instructions.map(\.lines) == [4...6, 8...11, 12...12])
    }

    @Test func directivesComeFirst() throws {
        let file = try dockerfile(
            "# Escape = `\n#syntax=docker/dockerfile:1\n# check=skip=all\nFROM scratch\nRUN a `\nb\\\n")
        #expect(file.directives.escape == UInt8(ascii: "`"))
        #expect(file.directives.syntax == "docker/dockerfile:1")
        #expect(file.directives.check == "skip=all")
        #expect(file.stages[0].instructions.map(\.text) == ["RUN a b\\"])
        // Behind a comment, an empty line or an unknown one it is a comment itself.
        for before in ["# comment\n", "\n", "# unknown=1\n"] {
            #expect(try dockerfile(before + "# escape=`\nFROM scratch").directives.escape == UInt8(ascii: "\\"))
        }
        #expect(refusal("# escape=x\nFROM a") == "line 1: invalid escape token 'x' does not match ` or \\")
        #expect(refusal("# escape=`\n# escape=`\nFROM a") == "line 2: only one escape parser directive can be used")
    }

    @Test func aMarkOfTheByteOrderIsNothing() throws {
        #expect(try dockerfile("\u{feff}FROM scratch").stages.count == 1)
    }

    @Test func documents() throws {
        let file = try dockerfile("FROM a\nRUN <<A cat <<-'B'\none $x\nA\n\ttwo\n\tB\nRUN x\n")
        guard case .run(let run) = file.stages[0].instructions[0].command else { throw NoSuchThing() }
        #expect(run.heredocs.map(\.name) == ["A", "B"])
        #expect(run.heredocs.map(\.content) == ["one $x\n", "two\n"])
        #expect(run.heredocs.map(\.expands) == [true, false])
        #expect(file.stages[0].instructions.count == 2)
        #expect(refusal("FROM a\nRUN <<E\nx\n") == "line 2: unterminated heredoc")
        // In quotes, or of an instruction that has none, it is text.
        #expect(try texts("RUN echo \"<<E\"\nENV a=<<E") == ["RUN echo \"<<E\"", "ENV a=<<E"])
    }

    @Test func whatARunBecomesWithDocuments() throws {
        func script(_ text: String) throws -> Script {
            guard case .run(let run) = try command(text) else { throw NoSuchThing() }
            return run.script(escape: UInt8(ascii: "\\"))
        }
        #expect(try script("RUN <<E\na\nb\nE") == .invocation(.line("a\nb\n")))
        #expect(try script("RUN <<-E\n\ta\nE") == .invocation(.line("a\n")))
        #expect(try script("RUN <<E\n#!/bin/awk\nb\nE") == .file(name: "E", content: "#!/bin/awk\nb\n"))
        #expect(try script("RUN cat <<E > /x\na\nE") == .invocation(.line("cat <<E > /x\na\nE")))
        #expect(try script("RUN a") == .invocation(.line("a")))
    }
}

struct NoSuchThing: Error {}
