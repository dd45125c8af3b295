/// The physical lines of a Dockerfile.
struct LineReader {
    private let bytes: [UInt8]
    private var position: Int
    /// Of the line that was read last, from 1.
    private(set) var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A mark of the byte order means nothing.
        position = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    /// The next line with its line end; nil behind the last one.
    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.count else { return nil }
        let end = bytes[position...].firstIndex(of: .newline).map { $0 + 1 } ?? bytes.count
        defer { position = end }
        number += 1
        return bytes[position..<end]
    }
}

extension ArraySlice<UInt8> {
    var withoutLineEnd: ArraySlice<UInt8> {
        var line = self
        while let last = line.last, last == .newline || last == UInt8(ascii: "\r") { line = line.dropLast() }
        return line
    }
}
