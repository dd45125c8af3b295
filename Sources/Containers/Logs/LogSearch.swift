import Core
import Glibc
import Linux

/// Looks for a text in what a container has written, as that grows. It may come in pieces, and must be of one stream.
package struct LogSearch: ~Copyable {
    private let path: String
    private let text: [UInt8]
    private let filter: LogFilter
    private var reader: LogReader?
    /// The end of what has been read of each stream, too short to hold the text.
    private var rest: (stdout: [UInt8], stderr: [UInt8]) = ([], [])

    /// - Parameters:
    ///   - path: of the log, which need not be there yet.
    ///   - since: older output does not count.
    package init(for text: [UInt8], in path: String, since: Timestamp?) {
        self.text = text
        self.path = path
        filter = LogFilter(since: since)
    }

    /// Reads on to the end that the log has now.
    package mutating func find() throws(OperationError) -> Bool {
        if reader == nil { reader = try open() }
        guard var reader = reader.take() else { return false }
        var isFound = try search(&reader)
        // A log that is being removed has no newer files.
        while !isFound, Files.exists(path), try reader.findNewer() { isFound = try search(&reader) }
        self.reader = consume reader
        return isFound
    }

    private func open() throws(OperationError) -> LogReader? {
        do throws(OperationError) {
            return try LogReader(path: path)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    private mutating func search(_ reader: inout LogReader) throws(OperationError) -> Bool {
        while let record = try reader.next() {
            guard filter.includes(record) else { continue }
            switch record.stream {
            case .stdout: if Self.found(text, in: record.bytes, behind: &rest.stdout) { return true }
            case .stderr: if Self.found(text, in: record.bytes, behind: &rest.stderr) { return true }
            }
        }
        return false
    }

    private static func found(
        _ text: [UInt8], in bytes: UnsafeRawBufferPointer, behind rest: inout [UInt8]
    ) -> Bool {
        rest += bytes
        let isFound = contains(rest, text)
        rest.removeFirst(max(0, rest.count - (text.count - 1)))
        return isFound
    }

    /// By the places where its first byte is.
    private static func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
        guard let first = text.first else { return true }
        return bytes.withUnsafeBytes { memory in
            var rest = memory[...]
            while rest.count >= text.count, let start = rest.firstIndex(of: first) {
                rest = memory[start...]
                if rest.starts(with: text) { return true }
                rest = rest.dropFirst()
            }
            return false
        }
    }
}
