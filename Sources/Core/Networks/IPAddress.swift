package enum AddressFamily: Hashable, Sendable, CaseIterable {
    case ipv4, ipv6

    /// Of an address.
    package var bits: Int { self == .ipv4 ? 32 : 128 }
}

/// An IPv4 or IPv6 address as a number in host byte order. It has no zone: that belongs to a link.
///
/// `::ffff:10.0.0.1` is of IPv6 and another one than `10.0.0.1`.
package struct IPAddress: Hashable, Sendable {
    /// Of IPv4 less than 2^32.
    package let number: UInt128
    package let family: AddressFamily

    package init(ipv4 number: UInt32) { (self.number, family) = (UInt128(number), .ipv4) }
    package init(ipv6 number: UInt128) { (self.number, family) = (number, .ipv6) }

    /// Nil when the family has no such number.
    package init?(_ family: AddressFamily, number: UInt128) {
        guard number <= IPAddress.highest(of: family) else { return nil }
        (self.number, self.family) = (number, family)
    }

    /// IPv4 as a strict dotted quad: four decimal numbers of 0 to 255 without leading zeros (RFC 6943 3.1.1). IPv6 as in
    /// RFC 4291 2.2, in whatever of its forms.
    package init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let number = IPv6Text.parse(text) else { return nil }
            self.init(ipv6: number)
        } else {
            guard let number = IPv4Text.parse(text[...]) else { return nil }
            self.init(ipv4: number)
        }
    }

    package static func highest(of family: AddressFamily) -> UInt128 {
        family == .ipv4 ? UInt128(UInt32.max) : .max
    }

    /// Nil of IPv6.
    package var ipv4: UInt32? { family == .ipv4 ? UInt32(truncatingIfNeeded: number) : nil }

    /// As on the wire: 4 or 16.
    package var bytes: [UInt8] {
        stride(from: family.bits - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt128($0)) }
    }
}

extension IPAddress: Comparable {
    /// IPv4 first.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.number < right.number : left.family == .ipv4
    }
}

extension IPAddress: CustomStringConvertible {
    /// As it stands before a port: of IPv6 in brackets (RFC 3986 3.2.2).
    package var inURL: String { family == .ipv4 ? description : "[\(self)]" }

    /// IPv6 as in RFC 5952.
    package var description: String { ipv4.map(IPv4Text.text) ?? IPv6Text.text(number) }
}

// MARK: - Counting

extension IPAddress {
    /// The address so many behind this one; nil behind the family's last one.
    package func advanced(by offset: UInt128) -> IPAddress? {
        let (sum, isTooFar) = number.addingReportingOverflow(offset)
        return isTooFar ? nil : IPAddress(family, number: sum)
    }

    /// How many addresses it is behind `first`; nil when it comes before it or is of the other family.
    package func offset(from first: IPAddress) -> UInt128? {
        family == first.family && number >= first.number ? number - first.number : nil
    }
}

// MARK: - Kinds

extension IPAddress {
    /// `0.0.0.0`; of `-p` every address of the host.
    package static let anyIPv4 = IPAddress(ipv4: 0)
    package static let anyIPv6 = IPAddress(ipv6: 0)
    package static let loopbackIPv6 = IPAddress(ipv6: 1)
    package static let loopbackIPv4 = IPAddress(ipv4: 0x7f00_0001)

    /// `0.0.0.0` and `::`.
    package var isUnspecified: Bool { number == 0 }

    /// 127/8 and `::1`.
    package var isLoopback: Bool { family == .ipv4 ? number >> 24 == 127 : number == 1 }

    /// Of IPv6 `::ffff:10.0.0.1` and fe80::/10, which nobody can listen at without saying more.
    package var isMappedOrOfLink: Bool { isOfLink || family == .ipv6 && number >> 32 == 0xffff }

    /// fe80::/10: one at each link.
    package var isOfLink: Bool { family == .ipv6 && number >> 118 == 0xfe80 >> 6 }

    /// Not 224/3 (RFC 1112 and what is above it) or ff00::/8.
    package var isUnicast: Bool { family == .ipv4 ? number >> 29 != 7 : number >> 120 != 0xff }

    /// An address that a host of IPv4 may have on its link alone: 169.254.1.0 to 169.254.254.255 (RFC 3927, 2.1).
    package var isLinkLocal: Bool { family == .ipv4 && (0xa9fe_0100...0xa9fe_feff).contains(number) }

    /// Of IPv4 10/8, 172.16/12, 192.168/16 (RFC 1918), 100.64/10 (RFC 6598), 127/8 and 169.254/16; of IPv6 fc00::/7
    /// (RFC 4193), fe80::/10 and `::1`.
    package var isPrivate: Bool {
        switch family {
        case .ipv4:
            number >> 24 == 10 || number >> 20 == 0xac1 || number >> 16 == 0xc0a8 || number >> 22 == 0x191
                || isLoopback || number >> 16 == 0xa9fe
        case .ipv6: number >> 121 == 0xfc >> 1 || isOfLink || isLoopback
        }
    }

    /// What examples have, and no host: 192.0.2/24, 198.51.100/24 and 203.0.113/24 (RFC 5737), 2001:db8::/32 (RFC 3849).
    package var isOfDocumentation: Bool {
        switch family {
        case .ipv4: [0xc0_0002, 0xc6_3364, 0xcb_0071].contains(number >> 8)
        case .ipv6: number >> 96 == 0x2001_0db8
        }
    }
}

// MARK: - Of IPv4 alone

extension IPAddress {
    /// For what the kernel, or a file of ours, has of IPv4 alone.
    /// - Throws: `.unsupported`.
    package func ofIPv4() throws(OperationError) -> UInt32 {
        guard let ipv4 else { throw .ofIPv6("use \(self)") }
        return ipv4
    }
}

extension OperationError {
    /// - Parameter operation: what cannot be done, with the address or subnet.
    package static func ofIPv6(_ operation: String) -> OperationError {
        OperationError(
            operation, reason: "it is of IPv6, where IPv4 alone is possible", kind: .unsupported)
    }
}
