import Core
import Engine
import Forms
import Lifecycle
import Testing

@testable import Commands

/// S13: there is one place for errors, one for warnings of the engine, and both escape.
@Suite struct MessageTests {
    private static let hostile = "\u{1b}]0;x\u{7}\nmydocker: ok\u{9b}\u{202e}"
    private static let harmless = #"\x1b]0;x\x07\nmydocker: ok\u009b\u202e"#

    private func errors(_ body: (inout CommandContext) -> Void) -> String {
        var context = CommandContext.recording()
        body(&context)
        return String(decoding: context.errors.bytes, as: UTF8.self)
    }

    @Test func S13_errorsAreOneLineAndARemedy() {
        let error = OperationError("open", Self.hostile, reason: Self.hostile, remedy: Self.hostile)
        #expect(
            errors { $0.report(error) }
                == "mydocker: open \"\(Self.harmless)\": \(Self.harmless)\n  \(Self.harmless)\n")
        #expect(
            errors { $0.warn([error]) }
                == "mydocker: warning: open \"\(Self.harmless)\": \(Self.harmless)\n  \(Self.harmless)\n")
    }

    /// Of an id it is said what there is; of anything else a reader that has gone need not be told.
    @Test func outputThatCannotBeWritten() {
        let full = errors {
            $0.answer(id: "0f", fate: "container 0f was started", undo: "rm -f 0f")
            $0.report(unwritten: 28)
        }
        #expect(
            full
                == "mydocker: container 0f was started, but its id cannot be written: No space left on device\n"
                + "  mydocker rm -f 0f takes it away\n")
        #expect(errors { $0.report(unwritten: 28) } == "mydocker: write standard output: No space left on device\n")
        #expect(errors { $0.report(unwritten: 32) } == "")
    }

    @Test func S13_warningsOfTheEngine() {
        #expect(Host.warningLine(Self.hostile) == "mydocker: warning: \(Self.harmless)")
    }

    @Test func S13_usageAndQuestions() {
        let text = errors { _ = CommandLineTool.run(["run", "--\(Self.hostile)"], &$0) }
        #expect(text.hasPrefix("unknown flag: --\(Self.harmless)\n\nUsage:  "))
        #expect(errors { $0.errors.question("x \(Self.hostile)? ") } == "x \(Self.harmless)? ")
    }

    /// Tables are for people, templates give data.
    @Test func S13_tables() throws {
        let report = Report(
            columns: [.init(field: "ID", header: "ID"), .init(field: "Image", header: "IMAGE")],
            standard: ["ID", "Image"],
            rows: [Row(fields: ["ID": "1", "Image": .string(Self.hostile)])])
        #expect(try report.text(format: nil, quiet: false) == "ID        IMAGE\n1         \(Self.harmless)\n")
        #expect(try report.text(format: "{{.Image}}", quiet: false) == Self.hostile + "\n")
    }
}
