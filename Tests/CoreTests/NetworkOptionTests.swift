import Testing

@testable import Core

@Suite struct NetworkOptionTests {
    private func options(_ texts: String..., driver: String = "bridge") throws -> NetworkOptions {
        try NetworkOptions(
            texts.map { text in
                let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                return (halves[0], halves[1])
            }, driver: driver)
    }

    @Test func dockersNamesAndPodmans() throws {
        #expect(try options("mtu=1400") == options("com.docker.network.driver.mtu=1400"))
        #expect(try options("name=br7").device == "br7")
        let all = try options(
            "com.docker.network.bridge.enable_icc=false", "com.docker.network.bridge.enable_ip_masquerade=0",
            "com.docker.network.bridge.inhibit_ipv4=TRUE", "com.docker.network.bridge.host_binding_ipv4=127.0.0.1",
            "com.docker.network.bridge.gateway_mode_ipv4=isolated", "no_default_route=1", "isolate=strict",
            "com.docker.network.bridge.trusted_host_interfaces=eth0:wg0",
            "com.docker.network.container_iface_prefix=net")
        #expect(!all.membersMeet && !all.masquerades && !all.givesHostAddress && !all.hasDefaultRoute)
        #expect(all.hostBinding == .loopbackIPv4 && all.gatewayMode == .isolated && all.interfacePrefix == "net")
        #expect(all.trustedInterfaces == ["eth0", "wg0"] && !all.hasHostAddress)
        #expect(try NetworkOptions(all.texts, driver: "bridge") == all)
        #expect(NetworkOptions().texts.isEmpty, "what is as usual is not written")
    }

    @Test(arguments: [
        ("mtu=67", "use an MTU from 68 to 65535"), ("mtu=", "use an MTU from 68 to 65535"),
        ("name=a/b", #"use a name of 1 to 15 bytes, without /, :, %, *, " or \, and without + at its end"#),
        ("name=q%dz", #"use a name of 1 to 15 bytes, without /, :, %, *, " or \, and without + at its end"#),
        ("com.docker.network.container_iface_prefix=e%d", "use a name of 1 to 12 bytes, without /, : or %"),
        ("com.docker.network.bridge.trusted_host_interfaces=eth%d", "use names of interfaces with : between them"),
        ("com.docker.network.bridge.enable_icc=maybe", "use true or false"),
        ("com.docker.network.bridge.host_binding_ipv4=::1", "use an IPv4 address of this host"),
        ("com.docker.network.bridge.gateway_mode_ipv4=x", "there are nat, nat-unprotected, routed, isolated"),
        ("com.docker.network.bridge.gateway_mode_ipv6=isolated", "there are nat, nat-unprotected, routed"),
        ("mode=bridge", "there are managed, unmanaged"),
        ("com.docker.network.bridge.trusted_host_interfaces=a::b", "use names of interfaces with : between them"),
        ("com.docker.network.container_iface_prefix=abcdefghijklm", "use a name of 1 to 12 bytes, without /, : or %"),
        ("com.docker.network.container_iface_prefix=", "use a name of 1 to 12 bytes, without /, : or %"),
    ])
    func valuesThatAreNone(text: String, reason: String) throws {
        let error = #expect(throws: OperationError.self) { try options(text) }
        #expect(error?.description.hasSuffix(reason) == true, "\(error?.description ?? "")")
        #expect(error?.kind == .invalid)
    }

    @Test(arguments: ["br+", "br*", "b*r", "a\"b", "a\\b"]) func bridgesThatNoRuleNames(name: String) throws {
        // One that is there is read, and one of others is called as it is.
        let made = try options("name=" + name)
        try options("name=" + name, "mode=unmanaged").checkBridgeName()
        let error = #expect(throws: OperationError.self) { try made.checkBridgeName() }
        #expect(
            error?.description == "\(JSON.quoted(name)) is no value of option com.docker.network.bridge.name: "
                + #"use a name of 1 to 15 bytes, without /, :, %, *, " or \, and without + at its end"#)
        #expect(error?.kind == .invalid)
    }

    @Test func bridgesThatRulesName() throws {
        for name in ["b+r", "br-0", "b.r", "bü"] { try options("name=" + name).checkBridgeName() }
        try options().checkBridgeName()
    }

    @Test func oneOptionHasOneValueUnderAllItsNames() throws {
        let long = "com.docker.network.driver.mtu"
        #expect(try options("mtu=1400", "\(long)=1400").mtu == 1400)
        #expect(try options("mtu=1400", "mtu=1300").mtu == 1300)
        let error = #expect(throws: OperationError.self) { try options("mtu=1400", "name=br7", "\(long)=1300") }
        #expect(error?.description == "conflicting options: mtu=1400 and \(long)=1300 are the same option")
        #expect(throws: OperationError.self) { try options("com.docker.network.bridge.name=my0", "name=my1") }
    }

    @Test func gatewayModesAreOfAFamilyEach() throws {
        let both = try options(
            "com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected",
            "com.docker.network.bridge.gateway_mode_ipv6=routed")
        #expect(both.gatewayMode(of: .ipv4) == .unprotected && both.gatewayMode(of: .ipv6) == .routed)
        #expect(both.routedFamilies == [.ipv6])
        #expect(try NetworkOptions(both.texts, driver: "bridge") == both)
        #expect(try options("com.docker.network.bridge.gateway_mode_ipv4=routed").gatewayMode(of: .ipv6) == .nat)
    }

    @Test func bridgesOfOthers() throws {
        let others = try options("mode=unmanaged", "name=br9")
        #expect(others.isUnmanaged && !others.hasHostAddress)
        #expect(others.texts.map(\.key) == ["com.docker.network.bridge.name", "mode"])
        #expect(try options("mode=managed") == NetworkOptions())
        #expect(try NetworkOptions([("mode", "private")], driver: "macvlan").texts.map(\.value) == ["private"])
        #expect(throws: OperationError.self) { try NetworkOptions([("mode", "unmanaged")], driver: "macvlan") }
    }

    @Test func optionsThatAreNone() throws {
        let error = #expect(throws: OperationError.self) { try options("com.docker.network.bridge.nope=1") }
        #expect(error?.description == #"driver bridge has no option "com.docker.network.bridge.nope""#)
        #expect(error?.remedy?.hasPrefix("there are com.docker.network.driver.mtu, mtu, ") == true)
        #expect(throws: OperationError.self) { try options("name=br7", driver: "other") }
        #expect(throws: OperationError.self) { try options("isolate=false") }
    }

    /// Also those of IPv6 that no lease goes with.
    @Test func whoIsKeptAnAddress() throws {
        var network = NetworkDefinition(
            id: try #require(ContainerID(String(repeating: "0a", count: 32))), name: try #require(Name("br0")),
            driver: "bridge", gateway: Subnet("10.9.1.1/24"), device: "br0", mtu: nil, isInternal: false,
            labels: [:], created: Timestamp(nanoseconds: 5))
        network.gateway6 = Subnet("fd00::ffff:0:1/64")
        network.auxiliary = ["a": "fd00::ffff:ffff", "b": "10.9.1.9", "c": "fd00::7"].compactMapValues(IPAddress.init)
        func keeper(_ text: String) throws -> String? { network.keeper(of: try #require(IPAddress(text))) }
        #expect(try keeper("fd00::ffff:ffff") == #""a", an --aux-address of the network"#)
        #expect(try keeper("10.9.1.9") == #""b", an --aux-address of the network"#)
        #expect(try keeper("fd00::7") == #""c", an --aux-address of the network"#)
        #expect(try keeper("10.9.1.7") == #""c", an --aux-address of the network"#, "goes with it")
        #expect(try keeper("10.9.1.1") == "the network's gateway")
        #expect(try keeper("fd00::ffff:0:1") == "the network's gateway")
        #expect(try keeper("10.9.1.2") == nil)
        #expect(try keeper("fd00::ffff:fffe") == nil)
    }

    /// Of IPv6 alone there are as many leases as numbers, whatever else the subnet has.
    @Test func rangesThatLeasesComeFrom() throws {
        func network(_ range: String?, gateway: String = "fd00:6::1/64") throws -> NetworkDefinition {
            var network = NetworkDefinition(
                id: try #require(ContainerID(String(repeating: "0a", count: 32))), name: try #require(Name("six")),
                driver: "bridge", gateway: nil, device: "six", mtu: nil, isInternal: false, labels: [:],
                created: Timestamp(nanoseconds: 5))
            network.gateway6 = Subnet(gateway)
            network.ranges = try range.map { [try #require(AddressRange($0))] } ?? []
            return network
        }
        let far = "fd00:6::ffff:0:0/64"
        for range in [nil, "fd00:6::40/122", "fd00:6::fff0-fd00:6::2:0", "fd00:6::/112", "fd00:6::/64"] {
            #expect(try network(range).hasLeasesInRange, "\(range ?? "")")
            #expect(try network(range, gateway: far).hasLeasesInRange, "\(range ?? "")")
        }
        for range in [
            "fd00:6::1:0-fd00:6::1:9", "fd00:6::ffff:0/112", "fd00:6::ffff-fd00:6::2:0", "fd00:6::-fd00:6::1",
        ] {
            #expect(try !network(range).hasLeasesInRange, "\(range)")
        }
        #expect(try network("fd00:6::-fd00:6::1", gateway: far).hasLeasesInRange, "the gateway is elsewhere")
        #expect(try network(nil, gateway: far).reservedLeases == [])
        // Its MAC address is nobody else's.
        let twin = try network(nil, gateway: "fd00:6::ffff:0:9/64").reservedLeases
        #expect(twin == [IPAddress("0.0.0.9")])
        // The last number stands for nobody: who asks for that address has it beside a lease of any.
        let last = try #require(IPAddress("fd00:6::ffff"))
        #expect(try network(nil).lease(beside: last) == nil)
        #expect(try network(nil).gateway6?.hosts.contains(last) == true)
    }

    /// What was written before there were options is read, and what is as usual adds nothing.
    @Test func recordsOfNetworks() throws {
        var network = NetworkDefinition(
            id: try #require(ContainerID(String(repeating: "0a", count: 32))), name: try #require(Name("br0")),
            driver: "bridge", gateway: Subnet("10.9.1.1/24"), device: "br0", mtu: 1400, isInternal: false,
            labels: [:], created: Timestamp(nanoseconds: 5))
        #expect(network.json.members?.map(\.key).contains("options") == false)
        #expect(try NetworkDefinition(RecordReader(network.json)) == network)
        network.options.membersMeet = false
        network.ranges = [try #require(AddressRange("10.9.1.64/26"))]
        network.auxiliary = ["router": try #require(IPAddress("10.9.1.2"))]
        network.isAttachable = true
        #expect(try NetworkDefinition(RecordReader(network.json)) == network)
        #expect(network.reservedLeases.map(\.description) == ["10.9.1.1", "10.9.1.2"])
        for wrong in ["options", "auxiliary"] {
            let members = (network.json.members ?? []).map { ($0.key, $0.key == wrong ? ["x": "y"] : $0.value) }
            #expect(throws: RecordError.self) { try NetworkDefinition(RecordReader(.object(members))) }
        }
    }
}

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.9.1.64/26", "10.9.1.64", "10.9.1.127", "10.9.1.64/26"),
        ("10.9.1.70/26", "10.9.1.64", "10.9.1.127", "10.9.1.64/26"),
        ("10.9.1.64-10.9.1.127", "10.9.1.64", "10.9.1.127", "10.9.1.64/26"),
        ("10.9.1.65-10.9.1.128", "10.9.1.65", "10.9.1.128", "10.9.1.65-10.9.1.128"),
        ("10.9.1.6-10.9.1.6", "10.9.1.6", "10.9.1.6", "10.9.1.6/32"),
        ("10.9.1.1-10.9.1.2", "10.9.1.1", "10.9.1.2", "10.9.1.1-10.9.1.2"),
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"),
        ("fd00::40/122", "fd00::40", "fd00::7f", "fd00::40/122"),
    ])
    func ends(text: String, first: String, last: String, written: String) throws {
        let range = try #require(AddressRange(text))
        #expect("\(range.first) \(range.last) \(range)" == "\(first) \(last) \(written)")
        #expect(AddressRange(written) == range)
        #expect(range.contains(range.first) && range.contains(range.last))
    }

    @Test(arguments: [
        "", "-", "10.9.1.2-10.9.1.1", "10.9.1.2", "10.9.1.2-", "10.9.1.2-fd00::1", "10.9.1.2-10.9.1.3-10.9.1.4",
        "10.9.1.0/33",
    ])
    func none(text: String) { #expect(AddressRange(text) == nil) }
}
