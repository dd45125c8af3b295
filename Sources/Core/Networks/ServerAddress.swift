/// Where a name server is asked: its address, and of IPv6 the link at which that is one, by the link's name or number (RFC 4007,
/// section 11), which an address of fe80::/10 cannot do without.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    package let link: String?

    package init(_ address: IPAddress) { (self.address, self.link) = (address, nil) }

    /// As in resolv.conf(5): `10.0.0.1`, `fd00::1`, `fe80::1%eth0`.
    package init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let link = parts.count == 2 ? parts[1] : nil
        if let link, link.isEmpty || address.family == .ipv4 { return nil }
        (self.address, self.link) = (address, link)
    }

    package var description: String { address.description + (link.map { "%\($0)" } ?? "") }
}
