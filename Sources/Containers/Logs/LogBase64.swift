/// Base64 (RFC 4648 section 4) between pieces of memory.
enum Base64 {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    private static let padding = UInt8(ascii: "=")

    /// - Returns: how many characters were written at `start`.
    static func encode(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, at start: Int) -> Int
    {
        var position = start
        for index in stride(from: 0, to: source.count, by: 3) {
            let left = source.count - index
            let bits =
                UInt32(source[index]) << 16 | UInt32(left > 1 ? source[index + 1] : 0) << 8
                | UInt32(left > 2 ? source[index + 2] : 0)
            target[position] = character(bits >> 18)
            target[position + 1] = character(bits >> 12)
            target[position + 2] = left > 1 ? character(bits >> 6) : padding
            target[position + 3] = left > 2 ? character(bits) : padding
            position += 4
        }
        return position - start
    }

    /// Replaces the text by the bytes that it stands for.
    /// - Returns: how many bytes, or nil when the text is not base64.
    static func decode(inPlace text: UnsafeMutableRawBufferPointer) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        let end = text.suffix(2).reversed().prefix { $0 == padding }.count
        var count = 0
        for index in stride(from: 0, to: text.count, by: 4) {
            var bits: UInt32 = 0
            for offset in index..<index + 4 {
                guard let value = offset < text.count - end ? value(text[offset]) : 0 else { return nil }
                bits = bits << 6 | value
            }
            text[count] = UInt8(truncatingIfNeeded: bits >> 16)
            text[count + 1] = UInt8(truncatingIfNeeded: bits >> 8)
            text[count + 2] = UInt8(truncatingIfNeeded: bits)
            count += 3
        }
        return count - end
    }

    private static func character(_ bits: UInt32) -> UInt8 { alphabet.utf8Start[Int(bits & 63)] }

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
