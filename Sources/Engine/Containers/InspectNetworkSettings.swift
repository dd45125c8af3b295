import Core

extension ContainerDefinition {
    /// `NetworkSettings`: what the container has now. What it asked for stays when it has ended.
    func inspectNetworkSettings(_ state: ContainerState?) -> JSON {
        let endpoint = state?.endpoint
        let pid = state?.pid
        return .object(
            [
                ("Bridge", ""), ("SandboxID", .string(pid == nil ? "" : id.hex)), ("HairpinMode", false),
                ("LinkLocalIPv6Address", ""), ("LinkLocalIPv6PrefixLen", 0),
                ("Ports", ports(of: endpoint)),
                // Where the kernel shows the namespace: a path for nsenter(1) and `ip netns attach`.
                ("SandboxKey", .string(pid.map { "/proc/\($0)/ns/net" } ?? "")),
                ("SecondaryIPAddresses", nil), ("SecondaryIPv6Addresses", nil),
            ] + addresses(endpoint) + [("Networks", .object([(networkMode.text, network(endpoint))]))])
    }

    private func addresses(_ endpoint: Endpoint?) -> [(key: String, value: JSON)] {
        [
            ("EndpointID", .string(endpoint == nil ? "" : id.hex)),
            ("Gateway", .string(endpoint?.gateway?.description ?? "")), ("GlobalIPv6Address", ""),
            ("GlobalIPv6PrefixLen", 0), ("IPAddress", .string(endpoint?.address.address.description ?? "")),
            ("IPPrefixLen", .number(endpoint?.address.prefixLength ?? 0)), ("IPv6Gateway", ""),
            ("MacAddress", .string((endpoint?.mac ?? asked.mac)?.description ?? "")),
        ]
    }

    private func network(_ endpoint: Endpoint?) -> JSON {
        let wish: JSON = asked.address.map { ["IPv4Address": .string($0.description)] } ?? .null
        return .object(
            [
                ("IPAMConfig", wish), ("Links", nil), ("Aliases", nil), ("DriverOpts", nil),
                ("NetworkID", .string(endpoint?.networkID.hex ?? "")),
            ] + addresses(endpoint) + [("DNSNames", nil)])
    }

    /// `{"80/tcp": [{"HostIp": …, "HostPort": …}], "81/tcp": null}`: exposed ones that are not published, too.
    private func ports(of endpoint: Endpoint?) -> JSON {
        guard let endpoint else { return [:] }
        let published = endpoint.ports.sorted().map { mapping -> (key: String, value: JSON) in
            let binding: JSON = [
                "HostIp": .string(mapping.hostAddress.description), "HostPort": .string(String(mapping.hostPort)),
            ]
            return ("\(mapping.containerPort)/\(mapping.transport.rawValue)", binding)
        }
        let bindings = JSON.gathered(published)
        let others = exposedPorts.filter { port in !bindings.contains { $0.key == port } }
        return .object(bindings + others.map { ($0, .null) })
    }
}
