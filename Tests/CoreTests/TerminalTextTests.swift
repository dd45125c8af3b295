import Core
import Glibc
import Testing

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("über 日本 🙂 \u{a0}", "über 日本 🙂 \u{a0}"), ("\u{1b}]0;x\u{7}", "\\x1b]0;x\\x07"),
        ("a\nmydocker: b\r\tc", "a\\nmydocker: b\\r\\tc"), ("\u{7f}", "\\x7f"), ("\u{9b}2J\u{85}", "\\u009b2J\\u0085"),
        ("a\u{202e}b\u{2066}c\u{2069}\u{2028}\u{2029}", "a\\u202eb\\u2066c\\u2069\\u2028\\u2029"),
        // One character for Swift, two for a terminal.
        ("e\u{301}\u{1b}", "e\u{301}\\x1b"), ("\r\n", "\\r\\n"),
    ]) func S13_nothingSteersATerminal(text: String, shown: String) {
        #expect(TerminalText.escaped(text) == shown)
    }

    @Test func S13_everyControlCharacterIsUnsafe() {
        for value in UInt32(0)...0x9f where value < 0x20 || value > 0x7e {
            #expect(Unicode.Scalar(value).map(TerminalText.isUnsafe) == true, "\(value)")
        }
        for value in UInt32(0x20)...0x7e { #expect(Unicode.Scalar(value).map(TerminalText.isUnsafe) == false) }
    }
}

@Suite struct ErrorKindTests {
    @Test func D13_kindsComeFromConstruction() {
        #expect(OperationError("x").kind == .failed)
        #expect(OperationError("x", reason: "No such container").kind == .failed)
        #expect(OperationError("x", kind: .notFound).kind == .notFound)
        #expect(OperationError("open", "x", errno: EACCES).kind == .denied)
        #expect(OperationError("open", "x", errno: ENOSPC).kind == .exhausted)
        // A file of ours that is missing is not what somebody has named.
        #expect(OperationError("open", "x", errno: ENOENT).kind == .failed)
        #expect(OperationError("open", "x", errno: ENOENT, kind: .notFound).kind == .notFound)
        #expect(RecordVersion.refusal(of: "x").kind == .newerVersion)
        #expect(OperationError("x", kind: .conflict).exiting(with: 3).kind == .conflict)
    }
}
