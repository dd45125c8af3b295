import Testing

@testable import Core

@Suite struct HostConfigurationTests {
    private func read(_ text: String) throws -> HostConfiguration { try HostConfiguration(JSON(parsing: text)) }

    @Test func dockersKeys() throws {
        let configuration = try read(
            """
            {"firewall-backend": "nftables", "ip": "127.0.0.1",
             "default-address-pools": [{"base": "10.200.0.7/16", "size": 24}, {"base": "10.9.0.0/24", "size": 24}]}
            """)
        #expect(configuration.firewall == .nftables && configuration.publishAddress == .loopbackIPv4)
        let bases = configuration.addressPools.map { "\($0.base) \($0.prefixLength)" }
        #expect(bases == ["10.200.0.0/16 24", "10.9.0.0/24 24"])
        #expect(try read("{}") == HostConfiguration())
    }

    @Test func poolsOfIPv6() throws {
        let configuration = try read(
            """
            {"default-address-pools": [
              {"base": "fd00:1::7/48", "size": 64}, {"base": "10.9.0.0/24", "size": 24}, {"base": "2001:db8::/32", "size": 94},
              {"base": "fd00:2::/120", "size": 126}]}
            """)
        let bases = configuration.addressPools.map { "\($0.base) \($0.prefixLength)" }
        #expect(bases == ["fd00:1::/48 64", "10.9.0.0/24 24", "2001:db8::/32 94", "fd00:2::/120 126"])
    }

    @Test(arguments: [
        (#"[]"#, "record is not an object"),
        (
            #"{"firewall": "nftables"}"#,
            #"there is no key "firewall"; there are firewall-backend, ip, default-address-pools, max-image-size"#
        ),
        (#"{"firewall-backend": "pf"}"#, "firewall-backend is not valid: use iptables, nftables or none"),
        (#"{"ip": "fe80::1"}"#, "ip is not valid: use an address of IPv4 such as 127.0.0.1, or 0.0.0.0 for all"),
        (#"{"ip": "224.0.0.1"}"#, "ip is not valid: use an address of IPv4 such as 127.0.0.1, or 0.0.0.0 for all"),
        (#"{"max-image-size": "0"}"#, #"max-image-size is not valid: use a size in quotation marks, such as "20g""#),
        (#"{"max-image-size": 5}"#, #"max-image-size is not valid: use a size in quotation marks, such as "20g""#),
        (#"{"default-address-pools": {}}"#, "default-address-pools is not valid"),
        (
            #"{"default-address-pools": [{"base": "fe80::/10", "size": 64}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "224.0.0.0/8", "size": 24}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "240.0.0.0/8", "size": 24}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "0.0.0.0/8", "size": 24}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "127.1.0.0/16", "size": 24}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "8.0.0.0/7", "size": 24}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "ff05::/16", "size": 64}]}"#,
            "default-address-pools[0].base is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "fd00::/8", "size": 71}]}"#,
            "default-address-pools[0].size is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "fd00::/48", "size": 127}]}"#,
            "default-address-pools[0].size is not valid"
        ),
        (
            #"{"default-address-pools": [{"base": "fd00::1/127", "size": 127}]}"#,
            "default-address-pools: fd00::1/127 has no room"
        ),
        (
            #"{"default-address-pools": [{"base": "10.0.0.0/31", "size": 31}]}"#,
            "default-address-pools: 10.0.0.0/31 has no room"
        ),
        (
            #"{"default-address-pools": [{"base": "10.0.0.0/24", "size": 16}]}"#,
            "default-address-pools[0].size is not valid"
        ),
        (#"{"default-address-pools": [{"base": "10.0.0.0/24"}]}"#, "default-address-pools[0].size is missing"),
    ])
    func whatIsNotUnderstoodIsAnError(text: String, reason: String) {
        let error = #expect(throws: RecordError.self) { try self.read(text) }
        #expect(error?.description == reason)
    }
}
