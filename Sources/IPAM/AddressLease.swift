import Core

/// Whose an address is: the first 128 bits of a container's identity.
package struct LeaseOwner: Hashable, Sendable, CustomStringConvertible {
    /// The sixteen bytes as two little-endian numbers, as the pool's file has them.
    let words: (UInt64, UInt64)

    package init(_ container: ContainerID) {
        let bytes = container.prefixBytes
        words = (LeaseOwner.number(bytes[..<8]), LeaseOwner.number(bytes[8...]))
    }

    init(words first: UInt64, _ second: UInt64) { words = (first, second) }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The first 32 digits of the container's identity.
    package var description: String { LeaseOwner.hex(words.0) + LeaseOwner.hex(words.1) }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word.byteSwapped, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// Whether `container` is the owner.
    package func isContainer(_ container: ContainerID) -> Bool { LeaseOwner(container) == self }

    package static func == (left: LeaseOwner, right: LeaseOwner) -> Bool { left.words == right.words }
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

/// An address and whose it is.
package struct AddressLease: Hashable, Sendable {
    package let address: IPAddress
    package let owner: LeaseOwner

    package init(_ address: IPAddress, _ owner: LeaseOwner) {
        self.address = address
        self.owner = owner
    }
}
