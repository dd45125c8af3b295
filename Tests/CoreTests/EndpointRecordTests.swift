import Core
import Testing

/// What releases have written is read, and written again as it was.
@Suite struct EndpointRecordTests {
    private static let id = String(repeating: "ab", count: 32)
    private static let other = String(repeating: "cd", count: 32)

    private static func endpoint(_ address: String, _ gateway: String) -> String {
        #"{"id":"\#(id)","driver":"bridge","network":"br0","networkID":"\#(other)","address":"\#(address)","gateway":\#(gateway),"#
            + #""mac":"02:42:0a:00:00:02","hostInterface":"ababa","interface":"eth0","bridge":"br0","mtu":1500,"#
            + #""ports":[{"hostAddress":"0.0.0.0","hostPort":80,"containerPort":8080,"protocol":"tcp"}]}"#
    }

    private static func network(_ gateway: String) -> String {
        #"{"id":"\#(id)","name":"br0","driver":"bridge","gateway":"\#(gateway)","device":"br0","mtu":null,"internal":false,"#
            + #""labels":{},"created":1}"#
    }

    @Test(arguments: [("10.0.0.2/24", "\"10.0.0.1\""), ("10.0.0.2/31", "null"), ("fd00::2/64", "\"fd00::1\"")])
    func endpoints(address: String, gateway: String) throws {
        let text = Self.endpoint(address, gateway)
        let endpoint = try Endpoint(RecordReader(JSON(parsing: text)))
        #expect(endpoint.address == Subnet(address))
        #expect(endpoint.json.compact == text)
    }

    /// Members that the release before does not have are there where they say something.
    @Test func furtherNamesAndAnotherFirewall() throws {
        let more = #","firewall":"nftables","aliases":["www","Db.front"]}"#
        let text = String(Self.endpoint("10.0.0.2/24", "null").dropLast()) + more
        let endpoint = try Endpoint(RecordReader(JSON(parsing: text)))
        #expect(endpoint.firewall == .nftables && endpoint.aliases.map(\.key) == ["www", "db.front"])
        #expect(endpoint.json.compact == text)
        for bad in [#""firewall":"pf""#, #""aliases":["a/b"]"#, #""aliases":"a""#] {
            let json = try JSON(parsing: String(Self.endpoint("10.0.0.2/24", "null").dropLast()) + ",\(bad)}")
            #expect(throws: RecordError.self) { try Endpoint(RecordReader(json)) }
        }
        let wish = #"{"network":"br0","address":null,"mac":null,"publish":[],"aliases":["www"]}"#
        #expect(try EndpointWish(RecordReader(JSON(parsing: wish))).json.compact == wish)
    }

    @Test(arguments: ["10.0.0.2/33", "10.0.0.2", "fd00::2/129", "fd00::2%eth0/64", "010.0.0.2/24", ""])
    func impossibleAddressesAreDamage(address: String) throws {
        let json = try JSON(parsing: Self.endpoint(address, "null"))
        #expect(throws: RecordError.self) { try Endpoint(RecordReader(json)) }
        let network = try JSON(parsing: Self.network(address))
        #expect(throws: RecordError.self) { try NetworkDefinition(RecordReader(network)) }
    }

    @Test(arguments: [("192.168.10.1/24", "192.168.10.0/24"), ("fd00:1::1/64", "fd00:1::/64")])
    func networks(gateway: String, subnet: String) throws {
        let network = try NetworkDefinition(RecordReader(JSON(parsing: Self.network(gateway))))
        #expect(network.subnet == Subnet(subnet))
        #expect(network.json.compact == Self.network(gateway))
    }
}
