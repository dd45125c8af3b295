import Core
import Forms
import Testing

/// Networks: a container's places on them, and a network with those who are on it.
@Suite struct InspectNetworkTests {
    private let id = String(repeating: "4f", count: 32)
    private let endpoint = String(repeating: "e1", count: 32)
    private let network = String(repeating: "0a", count: 32)

    private func settings(_ mode: NetworkMode, _ state: ContainerState?, exposing ports: [String] = []) throws -> JSON?
    {
        var definition = try Example.definition(mode)
        definition.asked.exposedPorts = ports
        let phase = state == nil ? ContainerPhase.created : .running(since: Example.moment)
        return Example.details(definition, phase, state).inspected["NetworkSettings"]
    }

    private let nowhere = """
        "EndpointID": "", "Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "IPAddress": "",
        "IPPrefixLen": 0, "IPv6Gateway": "", "MacAddress": ""
        """

    @Test func withoutANetwork() throws {
        for (mode, name) in [(NetworkMode.none, "none"), (.host, "host")] {
            try expect(
                settings(mode, nil),
                is: """
                    {"Bridge": "", "SandboxID": "", "HairpinMode": false, "LinkLocalIPv6Address": "",
                    "LinkLocalIPv6PrefixLen": 0, "Ports": {}, "SandboxKey": "", "SecondaryIPAddresses": null,
                    "SecondaryIPv6Addresses": null, \(nowhere),
                    "Networks": {"\(name)": {"IPAMConfig": null, "Links": null, "Aliases": null, "DriverOpts": null, "GwPriority": 0,
                    "NetworkID": "", \(nowhere), "DNSNames": null}}}
                    """)
        }
    }

    @Test func onTwoNetworks() throws {
        var wishes = [
            EndpointWish(network: try #require(Name("br0")), address: IPAddress("10.9.1.5")),
            EndpointWish(network: try #require(Name("br1"))),
        ]
        wishes[1].mac = MACAddress("02:42:00:00:00:77")
        var state = Example.running
        state.endpoints = [
            try Example.endpoint(
                "br0", "10.9.1.5/24", gateway: "10.9.1.1",
                ports: [
                    PortMapping(hostPort: 8080, containerPort: 80),
                    PortMapping(hostAddress: try #require(IPAddress("127.0.0.1")), hostPort: 8081, containerPort: 80),
                ])
        ]
        let first = """
            "EndpointID": "\(endpoint)", "Gateway": "10.9.1.1", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
            "IPAddress": "10.9.1.5", "IPPrefixLen": 24, "IPv6Gateway": "", "MacAddress": "02:42:0a:09:01:05"
            """
        // The second one is only wished for.
        let second = nowhere.replacing(#""MacAddress": """#, with: #""MacAddress": "02:42:00:00:00:77""#)
        try expect(
            settings(.networks(wishes), state, exposing: ["443/tcp", "80/tcp"]),
            is: """
                {"Bridge": "", "SandboxID": "\(id)", "HairpinMode": false, "LinkLocalIPv6Address": "",
                "LinkLocalIPv6PrefixLen": 0, "SandboxKey": "/proc/42/ns/net", "SecondaryIPAddresses": null,
                "SecondaryIPv6Addresses": null, \(first),
                "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"},
                {"HostIp": "127.0.0.1", "HostPort": "8081"}], "443/tcp": null},
                "Networks": {
                "br0": {"IPAMConfig": {"IPv4Address": "10.9.1.5"}, "Links": null, "Aliases": null, "DriverOpts": null, "GwPriority": 0,
                "NetworkID": "\(network)", \(first), "DNSNames": ["web", "4f4f4f4f4f4f"]},
                "br1": {"IPAMConfig": null, "Links": null, "Aliases": null, "DriverOpts": null, "GwPriority": 0, "NetworkID": "",
                \(second), "DNSNames": null}}}
                """)
    }

    // MARK: network inspect

    private func definition() throws -> NetworkDefinition {
        NetworkDefinition(
            id: try Example.id("0a"), name: try #require(Name("br0")), driver: "bridge",
            gateway: Subnet("10.9.1.1/24"), device: "br0", mtu: 1400, isInternal: true,
            labels: ["k": "v"],
            created: Example.moment)
    }

    @Test func aNetwork() throws {
        let user = NetworkUser(
            id: try Example.id("4f"), name: "web",
            endpoint: try Example.endpoint("br0", "10.9.1.5/24", gateway: "10.9.1.1"))
        try expect(
            NetworkDetails.defined(try definition(), users: [user]).inspected,
            is: """
                {"Name": "br0", "Id": "\(network)", "Created": "2023-11-14T22:13:20.000000000Z", "Scope": "local",
                "Driver": "bridge", "EnableIPv4": true, "EnableIPv6": false,
                "IPAM": {"Driver": "default", "Options": {},
                "Config": [{"Subnet": "10.9.1.0/24", "Gateway": "10.9.1.1"}]},
                "Internal": true, "Attachable": false, "Ingress": false, "ConfigFrom": {"Network": ""}, "ConfigOnly": false,
                "Containers": {"\(id)": {"Name": "web", "EndpointID": "\(endpoint)",
                "MacAddress": "02:42:0a:09:01:05", "IPv4Address": "10.9.1.5/24", "IPv6Address": ""}},
                "Options": {"com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.name": "br0",
                "mydocker.firewall": "iptables"},
                "Labels": {"k": "v"}}
                """)
        #expect(NetworkDetails.defined(try definition(), users: []).inspected["Containers"] == [:])
    }

    @Test func thoseThatNobodyHasMade() throws {
        for (name, driver, id) in [("host", "host", "686f7374"), ("none", "null", "6e6f6e65")] {
            try expect(
                NetworkDetails.predefined(name).inspected,
                is: """
                    {"Name": "\(name)", "Id": "\(id)\(String(repeating: "0", count: 56))", "Created": "0001-01-01T00:00:00Z", "Scope": "local", "Driver": "\(driver)", "EnableIPv4": true,
                    "EnableIPv6": false, "IPAM": {"Driver": "default", "Options": {}, "Config": []},
                    "Internal": false, "Attachable": false, "Ingress": false, "ConfigFrom": {"Network": ""}, "ConfigOnly": false, "Containers": {},
                    "Options": {}, "Labels": {}}
                    """)
        }
    }
}
