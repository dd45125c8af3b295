/// What stands in front of a file or directory in a tar archive (ustar, POSIX.1-1988; longer files as GNU tar has them): always the
/// same for the same content, of nobody's in particular and of no time.
enum ArchiveHeader {
    static let blockSize = 512

    /// - Parameters:
    ///   - name: at most 100 bytes; of a directory with a slash at its end.
    ///   - size: in bytes; 0 of a directory.
    static func bytes(_ name: String, size: Int64) -> [UInt8] {
        precondition(name.utf8.count <= 100)
        let isDirectory = name.hasSuffix("/")
        var header = [UInt8](repeating: 0, count: blockSize)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put(isDirectory ? "0000755" : "0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        header.replaceSubrange(124..<136, with: number(size))
        put("00000000000", at: 136)
        put(isDirectory ? "5" : "0", at: 156)
        put("ustar\u{0}00", at: 257)
        // The sum is of the header with spaces in its place.
        put("        ", at: 148)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(Int64(sum), 6) + "\u{0} ", at: 148)
        return header
    }

    /// What fills up the last block of a file.
    static func padding(after size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((Int64(blockSize) - size % Int64(blockSize)) % Int64(blockSize)))
    }

    static let end = [UInt8](repeating: 0, count: 2 * blockSize)

    /// Eleven octal digits, or with the first bit set the number itself.
    private static func number(_ size: Int64) -> [UInt8] {
        if size < 1 << 33 { return Array((octal(size, 11) + "\u{0}").utf8) }
        return [0x80, 0, 0, 0] + withUnsafeBytes(of: size.bigEndian) { Array($0) }
    }

    private static func octal(_ number: Int64, _ length: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: length - digits.utf8.count) + digits
    }
}
