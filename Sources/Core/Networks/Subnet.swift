/// An address with a prefix length: a subnet, or one host's place in it (`192.168.10.1/24`, `fd00::1/64`).
package struct Subnet: Hashable, Sendable, CustomStringConvertible {
    /// As written; host bits may be set.
    package let address: IPAddress
    /// 0 to 32, of IPv6 to 128.
    package let prefixLength: Int

    package init(_ address: IPAddress, _ prefixLength: Int) {
        precondition((0...address.family.bits).contains(prefixLength))
        self.address = address
        self.prefixLength = prefixLength
    }

    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(Substring(parts[0]))),
            let length = Decimal.parse(Substring(parts[1]), in: 0...address.family.bits)
        else { return nil }
        self.init(address, length)
    }

    package var family: AddressFamily { address.family }
    /// The bits behind the prefix.
    private var hostBits: UInt128 { (1 << (family.bits - prefixLength)) &- 1 }

    private func sibling(_ number: UInt128) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: UInt32(number)) : IPAddress(ipv6: number)
    }

    package var mask: IPAddress { sibling(IPAddress.highest(of: family) & ~hostBits) }
    package var first: IPAddress { sibling(address.number & ~hostBits) }
    package var last: IPAddress { sibling(address.number | hostBits) }
    /// The same subnet without host bits.
    package var network: Subnet { Subnet(first, prefixLength) }
    package var hasHostBits: Bool { address != first }

    /// Nil in /31 (RFC 3021) and /32, where every address is a host's, and of IPv6.
    package var broadcast: IPAddress? { family == .ipv4 && prefixLength <= 30 ? last : nil }

    /// The addresses that hosts may have. Two addresses or one are all hosts' (RFC 3021, RFC 6164); else the first is the
    /// network's own, or stands for its routers (RFC 4291 2.6.1), and the last of IPv4 is the broadcast address.
    package var hosts: ClosedRange<IPAddress> {
        if hostBits <= 1 { return first...last }
        return sibling(first.number + 1)...(broadcast.map { sibling($0.number - 1) } ?? last)
    }

    /// The subnets of `length` that it consists of, by number.
    /// - Parameter index: less than 2^(length - prefixLength).
    package func part(_ index: Int, length: Int) -> Subnet {
        Subnet(sibling(first.number + UInt128(index) << (family.bits - length)), length)
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.family == family && other.number & ~hostBits == first.number
    }
    /// The address of another subnet that is as far from its first one as `address` is here; nil when there is none.
    package func counterpart(of address: IPAddress, in other: Subnet) -> IPAddress? {
        let counterpart = address.offset(from: first).flatMap { other.first.advanced(by: $0) }
        return counterpart.flatMap { contains(address) && other.contains($0) ? $0 : nil }
    }
    package func overlaps(_ other: Subnet) -> Bool { contains(other.first) || other.contains(first) }

    package var description: String { "\(address)/\(prefixLength)" }
}
