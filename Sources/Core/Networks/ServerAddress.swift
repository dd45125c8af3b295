/// Where a name server is asked: its address, and of IPv6 the link at which that is one, by the link's name or number (RFC 4007,
/// section 11), which an address of fe80::/10 cannot do without.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    package let link: String?

    package init(_ address: IPAddress) { (self.address, self.link) = (address, nil) }

    /// As in resolv.conf(5): `10.0.0.1`, `fd00::1`, `fe80::1%eth0`.
    package init?(_ text: String) {
        let end = text.utf8.firstIndex(of: UInt8(ascii: "%"))
        guard let address = IPAddress(String(text[..<(end ?? text.endIndex)])) else { return nil }
        let link = end.map { String(text[text.utf8.index(after: $0)...]) }
        if let link, address.family == .ipv4 || !Self.isLink(link) { return nil }
        (self.address, self.link) = (address, link)
    }

    /// Then nobody can ask it: there is such an address at each link.
    package var lacksLink: Bool { address.isOfLink && link == nil }

    /// It stands in a line of resolv.conf(5): no white space, no control characters.
    private static func isLink(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0.properties.generalCategory != .control
            }
    }

    package var description: String { address.description + (link.map { "%\($0)" } ?? "") }
}
