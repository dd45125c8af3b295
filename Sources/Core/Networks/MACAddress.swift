/// 48 bits of link-layer address.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
    /// Six bytes, in transmission order.
    package let bytes: [UInt8]

    /// Nil unless six two-digit hex groups separated by colons, and a unicast address other than zero.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.utf8.count == 2, !part.hasPrefix("+"), !part.hasPrefix("-"), let byte = UInt8(part, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        guard bytes[0] & 1 == 0, bytes.contains(where: { $0 != 0 }) else { return nil }
        self.bytes = bytes
    }

    /// A locally administered address that belongs to `address`, so that a neighbour's cache stays right when the address
    /// moves to another container (Docker's 02:42 scheme). Of IPv6 it has the last 32 bits: two addresses of a network
    /// have different ones unless they are 2^32 apart.
    package init(for address: IPAddress) {
        bytes = [0x02, 0x42] + (0..<4).map { UInt8(truncatingIfNeeded: address.number >> (24 - 8 * $0)) }
    }

    /// A locally administered one that ends in these five bytes.
    package init(ending bytes: [UInt8]) {
        precondition(bytes.count == 5)
        self.bytes = [0x02] + bytes
    }

    /// The address of IPv6 that a link with this one gives itself (RFC 4291, appendix A).
    package var linkLocalAddress: IPAddress {
        let identifier = [bytes[0] ^ 2] + bytes[1..<3] + [0xff, 0xfe] + bytes[3...]
        return IPAddress(ipv6: identifier.reduce(UInt128(0xfe80) << 48) { $0 << 8 | UInt128($1) })
    }

    /// One that is greater than any other of its last five bytes, and locally administered: a bridge that nobody has given an address
    /// takes the least of its ports' (br_stp_recalculate_bridge_id), and does not take this one.
    package var greatest: MACAddress { MACAddress(unchecked: [0xfe] + bytes[1...]) }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// The first address of a subnet that it follows from; nil when there is none.
    package func address(in subnet: Subnet) -> IPAddress? {
        guard bytes.starts(with: [0x02, 0x42]) else { return nil }
        let own = bytes.dropFirst(2).reduce(0) { $0 << 8 | UInt128($1) }
        let address = IPAddress(subnet.family, number: subnet.first.number & ~0xffff_ffff | own)
        return address.flatMap { subnet.contains($0) ? $0 : nil }
    }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
