import Core
import Glibc

/// The last lines of a container's output, also when it has been removed since this value was made.
package struct LogEnding: ~Copyable {
    private var reader: LogReader?

    package init(of path: String) { reader = try? LogReader(path: path) }

    private static let longest = 4096

    /// Beside our own messages: nothing of it steers a terminal. What cannot be read is left out.
    /// - Returns: 4096 bytes at most, with a newline behind them unless there is nothing.
    package mutating func text(lines: Int) -> String {
        guard var reader = reader.take() else { return "" }
        var bytes: [UInt8] = []
        do throws(OperationError) {
            _ = try? reader.findNewer()
            try reader.seek(toLast: lines)
            while let record = try reader.next() {
                bytes += record.bytes
                bytes.removeFirst(max(0, bytes.count - Self.longest))
            }
        } catch {
            if bytes.isEmpty { return "" }
        }
        let text = bytes.withUnsafeBytes { String(kernel: $0) }
        return TerminalText.escapedLines(text.hasSuffix("\n") || text.isEmpty ? text : text + "\n").escapingForeignBytes
    }
}
