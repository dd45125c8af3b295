import Foundation

/// Inputs that nobody would write: good examples, changed at random, and the same ones each time.
///
/// A parser must survive all of them: no trap, no hang, a reason for each refusal, and what it accepts must come back
/// the same when it is printed and read again.
package struct Fuzz: RandomNumberGenerator {
    /// `MYDOCKER_FUZZ_SEED`: another one, other inputs.
    package static let seed = number("MYDOCKER_FUZZ_SEED") ?? 1
    /// `MYDOCKER_FUZZ_ROUNDS`: how many inputs a small parser gets. `MYDOCKER_SOAK=1`: as many as some minutes have.
    package static let rounds = number("MYDOCKER_FUZZ_ROUNDS") ?? (number("MYDOCKER_SOAK") == 1 ? 400_000 : 20_000)

    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    /// SplitMix64.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    /// Calls `body` with each input.
    /// - Parameter cost: how many times longer than a short text one input takes; there are so many times fewer.
    package static func bytes(_ examples: [[UInt8]], cost: UInt64 = 1, _ body: ([UInt8]) throws -> Void) rethrows {
        for example in examples { try body(example) }
        for round in 0..<max(1, rounds / cost) {
            var fuzz = Fuzz(seed &* 0x1_0000_0001 &+ round)
            try body(fuzz.mutated(examples))
        }
    }

    /// The same for text, in which what is not UTF-8 is replaced.
    package static func texts(_ examples: [String], cost: UInt64 = 1, _ body: (String) throws -> Void) rethrows {
        try bytes(examples.map { Array($0.utf8) }, cost: cost) { try body(String(decoding: $0, as: UTF8.self)) }
    }

    private static func number(_ variable: String) -> UInt64? {
        ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
    }
}

// MARK: - Mutations

extension Fuzz {
    /// No input grows beyond this: what is slow with long ones is not what is looked for.
    private static let longest = 1 << 14

    /// What parsers have stumbled over.
    private static let pieces: [[UInt8]] =
        [
            "0", "-1", "+1", "00", "1", "32", "33", "255", "256", "65535", "65536", "4294967295", "4294967296",
            "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616",
            "1e400", "1.5", "0x10", "٣", "é", "\u{301}", "\u{feff}", "\0", "\n", "\r\n", "\t", " ", "", "/", "//", "..",
            "../", "./", ":", "::", "-", "--", "=", ",", ".", "%", "%s", "\"", "\\", "\\u0000", "\\ud800", "'", "`",
            "{}",
            "[]", "null", "true", "{{", "}}", "(", ")", "|", "$", "#", "@", "sha256:",
        ].map { Array($0.utf8) } + [
            [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff],
        ]

    private mutating func mutated(_ examples: [[UInt8]]) -> [UInt8] {
        var bytes = pick(examples) ?? []
        for _ in 0...below(4) {
            change(&bytes, examples)
            if bytes.count > Self.longest { bytes.removeLast(bytes.count - Self.longest) }
        }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ examples: [[UInt8]]) {
        let range = someRange(of: bytes)
        switch below(12) {
        case 0, 1: if !bytes.isEmpty { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
        case 2: if !bytes.isEmpty { bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: next()) }
        case 3, 4: bytes.insert(contentsOf: pick(Self.pieces) ?? [], at: below(bytes.count + 1))
        case 5: bytes.replaceSubrange(range, with: pick(Self.pieces) ?? [])
        case 6: bytes.removeSubrange(range)
        case 7: bytes.removeLast(below(bytes.count + 1))
        case 8: bytes.insert(contentsOf: Array(bytes[range]), at: below(bytes.count + 1))
        case 9: bytes.replaceSubrange(number(in: bytes), with: pick(Self.pieces) ?? [])
        case 10:
            let other = pick(examples) ?? []
            bytes.replaceSubrange(range, with: other[someRange(of: other)])
        default:
            let nest = Array(bytes[range].prefix(16))
            bytes.insert(
                contentsOf: repeatElement(nest, count: 1 << below(10)).joined(), at: below(bytes.count + 1))
        }
    }

    /// A number less than `count`, which is not 0.
    private mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
    private mutating func pick(_ choices: [[UInt8]]) -> [UInt8]? {
        choices.isEmpty ? nil : choices[below(choices.count)]
    }

    /// Mostly short.
    private mutating func someRange(of bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count + 1)
        let length = below(1 << below(8))
        return start..<min(bytes.count, start + length)
    }

    /// A run of digits, at or behind some place.
    private mutating func number(in bytes: [UInt8]) -> Range<Int> {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let from = below(bytes.count + 1)
        guard let start = bytes[from...].firstIndex(where: digits.contains) else { return from..<from }
        return start..<(bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count)
    }
}
