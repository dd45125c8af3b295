/// One more name of a container on a network (`--network-alias`). Capital letters are kept, and mean what small ones do.
package struct NetworkAlias: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil when it is no host name: labels of 1 to 63 letters, digits, `-` and `_` with dots between them, 253 bytes at most.
    package init?(_ text: String) {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy(Self.isUsable) })
        else { return nil }
        description = text
    }

    private static func isUsable(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// What those have in common that differ by capital letters alone. It can be a file's name.
    package var key: String { description.lowercased() }

    package static func == (left: NetworkAlias, right: NetworkAlias) -> Bool { left.key == right.key }
    package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
