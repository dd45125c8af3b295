import Core
import Glibc
import Testing

@testable import Containers

@Suite struct LogTailEndTests {
    /// The writer goes on while the last lines are looked for: they are the last ones of what is to be shown.
    @Test(arguments: 1...3) func whatIsAppendedMeanwhileIsNotCounted(_ count: Int) throws {
        let directory = try LogTestDirectory()
        let old = (1...5).map { logLine("old \($0)\n", "stdout", second: $0) }.joined()
        try directory.setContents(old.utf8)
        var reader = try LogReader(path: directory.log)
        reader.end = Int64(old.utf8.count)
        // One of them torn.
        let new = (6...9).map { logLine("new \($0)\n", "stdout", second: $0) }.joined() + "{\"log\":\"half"
        try directory.setContents((old + new).utf8)
        try reader.seek(toLast: count)
        var shown: [String] = []
        while let record = try reader.next() { shown.append(String(decoding: record.bytes, as: UTF8.self)) }
        #expect(shown == (1...5).suffix(count).map { "old \($0)\n" })
    }
}
