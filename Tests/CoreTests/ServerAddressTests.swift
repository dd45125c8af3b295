import Core
import Testing

/// Addresses of name servers as in resolv.conf(5).
@Suite struct ServerAddressTests {
    @Test(
        arguments: [
            ("10.0.0.1", "10.0.0.1", nil), ("fd00::1", "fd00::1", nil), ("fe80::53%eth0", "fe80::53", "eth0"),
            ("fe80::53%2", "fe80::53", "2"), ("fe80::53%a%b", "fe80::53", "a%b"),
            // One Character with what stands before it.
            ("fe80::53%\u{301}", "fe80::53", "\u{301}"),
        ] as [(String, String, String?)])
    func addressAndLink(text: String, address: String, link: String?) throws {
        let server = try #require(ServerAddress(text))
        #expect(server.address.description == address && server.link == link && server.description == text)
    }

    /// Each goes into a line of its own.
    @Test(arguments: [
        "", "%", "x", "%eth0", "fe80::53%", "10.0.0.1%eth0", "fe80::53%eth0\nnameserver 10.0.0.1", "fe80::53%eth 0",
        "fe80::53%eth0\t", "fe80::53%\r", "fe80::53%\r\n", "fe80::53%\0", "fe80::53%\u{1b}[1m", "fe80::53%\u{7f}",
        "fe80::53%\u{85}", "fe80::53%\u{a0}", "fe80::53%\u{2028}",
    ])
    func whatIsNone(text: String) { #expect(ServerAddress(text) == nil) }
}
