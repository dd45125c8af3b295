import Core

/// The keys that end a connection to a container's terminal and leave the container running.
package struct DetachKeys: Equatable, Sendable {
    /// What a terminal sends for them.
    package let bytes: [UInt8]

    /// Control-P, control-Q.
    package static let standard = DetachKeys(bytes: [0x10, 0x11])

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads Docker's form: single characters and `ctrl-X`, with commas between them; `DEL` is one too. Nothing at all is the
    /// standard sequence.
    package init(parsing text: String) throws(OperationError) {
        if text.isEmpty {
            self = .standard
            return
        }
        let keys = text.split(separator: ",", omittingEmptySubsequences: false).map { Self.byte(of: $0) }
        let bytes = keys.compactMap { $0 }
        guard bytes.count == keys.count, bytes.count <= 256 else {
            throw OperationError(
                "Invalid detach keys (\(text)) provided", remedy: "use single characters and ctrl-X, such as ctrl-p,q",
                kind: .invalid)
        }
        self.bytes = bytes
    }

    /// The control characters of ASCII are those 64 places further on: control-@ is 0, control-_ is 31.
    private static func byte(of key: Substring) -> UInt8? {
        let code = Array(key.utf8)
        if code.count == 1 { return code[0] }
        if key == "DEL" { return 0x7f }
        guard key.hasPrefix("ctrl-"), code.count == 6 else { return nil }
        switch code[5] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return code[5] - 0x60
        case UInt8(ascii: "@"), UInt8(ascii: "[")...UInt8(ascii: "_"): return code[5] - 0x40
        default: return nil
        }
    }
}

/// Looks for detach keys in what is typed. Keys that may be the beginning of them are held back until that is known.
package struct DetachFilter {
    private let keys: [UInt8]
    private var held: [UInt8] = []
    package private(set) var isComplete = false

    package init(_ keys: DetachKeys) { self.keys = keys.bytes }

    /// How many bytes more than it is fed `feed` may let through.
    var heldCount: Int { held.count }

    /// - Returns: what is to be passed on of `bytes` and of what was held; nothing from behind the keys.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var passed: [UInt8] = []
        for byte in bytes where !isComplete {
            held.append(byte)
            while !keys.starts(with: held) { passed.append(held.removeFirst()) }
            isComplete = held.count == keys.count
        }
        return passed
    }
}
