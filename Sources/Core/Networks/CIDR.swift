/// An address with a prefix length: a subnet, or one host's place in it (`192.168.10.1/24`).
package struct CIDR: Hashable, Sendable, CustomStringConvertible {
    /// As written; host bits may be set.
    package let address: IPv4Address
    /// 0 to 32.
    package let prefixLength: Int

    package init(_ address: IPv4Address, _ prefixLength: Int) {
        precondition((0...32).contains(prefixLength))
        self.address = address
        self.prefixLength = prefixLength
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(String(parts[0])),
            let length = Decimal.parse(parts[1], in: 0...32)
        else { return nil }
        self.init(address, length)
    }

    package var mask: UInt32 { prefixLength == 0 ? 0 : ~0 << UInt32(32 - prefixLength) }
    package var first: IPv4Address { IPv4Address(rawValue: address.rawValue & mask) }
    package var last: IPv4Address { IPv4Address(rawValue: address.rawValue | ~mask) }
    /// The same subnet without host bits.
    package var network: CIDR { CIDR(first, prefixLength) }
    package var hasHostBits: Bool { address != first }
    /// 1 to 2^32.
    package var count: Int { 1 << (32 - prefixLength) }
    /// Absent in /31 (RFC 3021) and /32, where every address is a host's.
    package var broadcast: IPv4Address? { prefixLength <= 30 ? last : nil }
    /// The addresses that hosts may have: not the network's own and not the broadcast address up to /30.
    package var hosts: ClosedRange<UInt32> {
        prefixLength <= 30 ? first.rawValue + 1...last.rawValue - 1 : first.rawValue...last.rawValue
    }

    package func contains(_ other: IPv4Address) -> Bool { other.rawValue & mask == first.rawValue }
    package func overlaps(_ other: CIDR) -> Bool { contains(other.first) || other.contains(first) }

    package var description: String { "\(address)/\(prefixLength)" }
}
