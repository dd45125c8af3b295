import Core

/// What somebody wants to know of a packet. Both addresses are of one family.
package struct PacketQuestion: Equatable, Sendable {
    package let source: IPAddress
    package let destination: IPAddress
    /// Of IP: 1, 6, 17 or 58.
    package let transport: UInt8
    package let port: UInt16?

    package init(from source: IPAddress, to destination: IPAddress, _ transport: UInt8, port: UInt16?) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
    }
}

extension PacketQuestion {
    /// Nobody's: of TEST-NET-1 (RFC 5737) and 2001:db8::/32 (RFC 3849). By the default route.
    static func elsewhere(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: 0xc000_0201) : IPAddress(ipv6: 0x2001_0db8 << 96 | 1)
    }
}
