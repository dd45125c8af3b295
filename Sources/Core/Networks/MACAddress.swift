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

    /// A locally administered address that belongs to `address`, so that a neighbour's
    /// cache stays right when the address moves to another container (Docker's 02:42 scheme).
    package init(for address: IPv4Address) {
        bytes = [0x02, 0x42] + (0..<4).map { UInt8(truncatingIfNeeded: address.rawValue >> (24 - 8 * UInt32($0))) }
    }

    /// The one that it follows from; nil of any other.
    package var address: IPv4Address? {
        guard bytes.starts(with: [0x02, 0x42]) else { return nil }
        return IPv4Address(rawValue: bytes.dropFirst(2).reduce(0) { $0 << 8 | UInt32($1) })
    }

    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
