import Containers
import Core
import Testing

@Suite struct DetachKeysTests {
    @Test func theirForm() throws {
        let examples: [(String, [UInt8])] = [
            ("", [16, 17]), ("ctrl-p,ctrl-q", [16, 17]), ("a", [97]), ("ctrl-a,d", [1, 100]), ("ctrl-@", [0]),
            ("ctrl-[", [27]), ("ctrl-\\", [28]), ("ctrl-]", [29]), ("ctrl-^", [30]), ("ctrl-_", [31]), ("DEL", [127]),
            ("ctrl-z,Z", [26, 90]),
        ]
        for (text, bytes) in examples { #expect(try DetachKeys(parsing: text).bytes == bytes, "\(text)") }
    }

    @Test(arguments: ["ctrl-", "ctrl-A", "ctrl-1", "ctrl-pp", "ab", ",", "a,", ",a", "ctrl-p ctrl-q", "é", "del"])
    func whatTheyAreNot(_ text: String) {
        #expect { try DetachKeys(parsing: text) } throws: {
            ($0 as? OperationError)?.description == "Invalid detach keys (\(text)) provided"
        }
    }

    @Test func manyAreTooMany() {
        let text = Array(repeating: "a", count: 257).joined(separator: ",")
        #expect(throws: OperationError.self) { try DetachKeys(parsing: text) }
    }

    /// - Returns: what was let through of each part, and whether the keys were found.
    private func feed(_ keys: String, _ parts: String...) throws -> ([String], Bool) {
        var filter = DetachFilter(try DetachKeys(parsing: keys))
        let passed = parts.map { String(decoding: filter.feed($0.utf8), as: UTF8.self) }
        return (passed, filter.isComplete)
    }

    @Test func keysAreFoundAndNothingElseIsLost() throws {
        #expect(try feed("x,y", "abc") == (["abc"], false))
        #expect(try feed("x,y", "abxyc") == (["ab"], true))
        #expect(try feed("x,y", "abx", "yc") == (["ab", ""], true))
        #expect(try feed("x,y", "abx", "c") == (["ab", "xc"], false))
        #expect(try feed("x,y", "x", "x", "y") == (["", "x", ""], true))
        // What looked like a beginning may hold another one.
        #expect(try feed("a,a,b", "aaab") == (["a"], true))
        #expect(try feed("x", "x") == ([""], true))
        #expect(try feed("a,b,a,c", "ababac!") == (["ab"], true))
    }
}
