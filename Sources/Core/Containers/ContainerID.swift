import Glibc

/// 256 random bits that name a container, a network or an endpoint for good, as 64 lower-case hex digits.
package struct ContainerID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 64 lower-case hex digits.
    package let hex: String

    /// A new identity from the kernel's random numbers. Its short form has a letter: as a host name, digits alone would be
    /// taken for an address (inet_aton(3)).
    package static func random() -> ContainerID {
        var generator = SystemRandomNumberGenerator()
        while true {
            let id = random(&generator)
            if id.short.utf8.contains(where: { !$0.isDigit }) { return id }
        }
    }

    private static func random(_ generator: inout SystemRandomNumberGenerator) -> ContainerID {
        var hex = ""
        hex.reserveCapacity(64)
        for _ in 0..<4 {
            let word = String(generator.next() as UInt64, radix: 16)
            hex += String(repeating: "0", count: 16 - word.utf8.count) + word
        }
        return ContainerID(unchecked: hex)
    }

    /// Nil unless `text` is exactly 64 lower-case hex digits: safe to use as a path component afterwards.
    package init?(_ text: String) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        hex = text
    }

    private init(unchecked: String) { hex = unchecked }

    /// Stands in a record for one that the record does not tell.
    package static let unknown = ContainerID(unchecked: String(repeating: "0", count: 64))

    /// Of a network that every host has without that anybody makes it: so it is known before anything of that is on record.
    package static func ofPredefinedNetwork(_ name: Name) -> ContainerID {
        // Letters: two digits each.
        let digits = name.text.utf8.prefix(32).map { String($0, radix: 16) }.joined()
        return ContainerID(unchecked: digits + String(repeating: "0", count: 64 - digits.count))
    }

    /// The first 12 digits: Docker's short form.
    package var short: String { String(hex.prefix(12)) }

    /// The first 128 bits, most significant first: what an address pool stores as the owner.
    package var prefixBytes: [UInt8] {
        let digits = Array(hex.utf8.prefix(32))
        return (0..<16).map { digits[$0 * 2].hexValue << 4 | digits[$0 * 2 + 1].hexValue }
    }

    /// That of whose it is, where no address decides it: the same for as long as that exists.
    package var mac: MACAddress { MACAddress(ending: Array(prefixBytes.prefix(5))) }

    // MARK: In 43 characters

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// All of it in base64url (RFC 4648, section 5): short enough for a symbolic link that takes no block of a disk.
    package var compact: String {
        // Three digits are two characters; two more would make the last character whole.
        let digits = hex.utf8.map(\.hexValue) + [0, 0]
        var text: [UInt8] = []
        text.reserveCapacity(44)
        for start in stride(from: 0, to: 66, by: 3) {
            let value = Int(digits[start]) << 8 | Int(digits[start + 1]) << 4 | Int(digits[start + 2])
            text.append(Self.alphabet[value >> 6])
            text.append(Self.alphabet[value & 63])
        }
        return String(decoding: text.prefix(43), as: UTF8.self)
    }

    /// The identity whose `compact` is `text`; nil when there is none.
    package static func ofCompact(_ text: String) -> ContainerID? {
        guard text.utf8.count == 43 else { return nil }
        var values: [UInt8] = []
        values.reserveCapacity(44)
        for character in text.utf8 {
            guard let bits = value(of: character) else { return nil }
            values.append(bits)
        }
        // The last one has four bits of the identity and two of nothing.
        guard values[42] & 3 == 0 else { return nil }
        values.append(0)
        let hex = String(unsafeUninitializedCapacity: 66) { digits in
            for start in stride(from: 0, to: 44, by: 2) {
                let value = Int(values[start]) << 6 | Int(values[start + 1])
                for (place, shift) in [(0, 8), (1, 4), (2, 0)] {
                    digits[start / 2 * 3 + place] = UInt8(value >> shift & 15).hexDigit
                }
            }
            return 64
        }
        return ContainerID(unchecked: hex)
    }

    /// What a character of `alphabet` stands for.
    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }

    package var description: String { hex }
    package static func < (left: ContainerID, right: ContainerID) -> Bool { left.hex < right.hex }
}

/// The identity of a container's place on a network.
package typealias EndpointID = ContainerID

extension UInt8 {
    package var isLowercaseHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
    package var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    /// Of either case.
    package var isHexDigit: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }
    package var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
    /// Of a number below 16.
    fileprivate var hexDigit: UInt8 { self < 10 ? self + UInt8(ascii: "0") : self - 10 + UInt8(ascii: "a") }
    fileprivate var hexValue: UInt8 { isDigit ? self - UInt8(ascii: "0") : self - UInt8(ascii: "a") + 10 }
}
