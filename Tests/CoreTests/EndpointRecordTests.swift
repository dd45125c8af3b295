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

    /// What is leased for one without an address of IPv4 is on record instead.
    @Test func endpointsWithoutIPv4() throws {
        let text = Self.endpoint("10.0.0.2/24", "null").replacing("\"10.0.0.2/24\"", with: "null")
        let json = try JSON(parsing: text)
        #expect(throws: RecordError.self) { try Endpoint(RecordReader(json)) }
        let six = String(text.dropLast()) + #","address6":"fd00::2/64","standIn":"0.0.0.2"}"#
        let endpoint = try Endpoint(RecordReader(JSON(parsing: six)))
        #expect(endpoint.json.compact == six)
        #expect(endpoint.families == [.ipv6] && endpoint.leases == [IPAddress(ipv4: 2)])
        let bare = String(text.dropLast()) + #","standIn":"0.0.0.2"}"#
        let none = try Endpoint(RecordReader(JSON(parsing: bare)))
        #expect(none.addresses.isEmpty && none.leases == [IPAddress(ipv4: 2)] && none.json.compact == bare)
    }

    @Test func networksWithoutIPv4() throws {
        let text = Self.network("10.0.0.1/24").replacing("\"10.0.0.1/24\"", with: "null")
        let json = try JSON(parsing: text)
        #expect(throws: RecordError.self) { try NetworkDefinition(RecordReader(json)) }
        let six = String(text.dropLast()) + #","gateway6":"fd00::1/120"}"#
        let network = try NetworkDefinition(RecordReader(JSON(parsing: six)))
        #expect(network.json.compact == six && network.families == [.ipv6])
        #expect(network.leaseSpace == Subnet("0.0.0.0/24") && network.reservedLeases == [IPAddress(ipv4: 1)])
        #expect(network.address6(beside: IPAddress(ipv4: 7)) == IPAddress("fd00::7"))
        let bare = String(text.dropLast()) + #","addresses":false}"#
        let none = try NetworkDefinition(RecordReader(JSON(parsing: bare)))
        #expect(none.json.compact == bare && none.gateways.isEmpty && none.leaseSpace == Subnet("0.0.0.0/16"))
        // As releases before have it of networks that nothing is made of.
        let model = Self.network("0.0.0.0/0").replacing("\"bridge\"", with: "\"null\"")
        #expect(try NetworkDefinition(RecordReader(JSON(parsing: model))).gateway == nil)
    }

    /// A range of IPv6 is one of leases.
    @Test func rangesOfIPv6() throws {
        let text = Self.network("10.0.0.1/24").replacing("\"10.0.0.1/24\"", with: "null").dropLast()
        func network(_ range: String) throws -> NetworkDefinition {
            let ending = ",\"gateway6\":\"fd00::1/64\",\"ranges\":[\"\(range)\"]}"
            return try NetworkDefinition(RecordReader(JSON(parsing: text + ending)))
        }
        #expect(try network("fd00::40/122").leaseRange == AddressRange("0.0.0.64-0.0.0.127"))
        #expect(try network("fd00::40-fd00::9:9").leaseRange == AddressRange("0.0.0.64-0.0.255.255"))
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
