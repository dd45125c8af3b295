import Core

extension ContainerDefinition {
    /// `NetworkSettings`: what the container has now. What it asked for stays when it has ended.
    func inspectedNetworkSettings(_ state: ContainerState?) -> JSON {
        let pid = state?.pid
        return .object(
            [
                ("Bridge", ""), ("SandboxID", .string(pid == nil ? "" : id.hex)), ("HairpinMode", false),
                ("LinkLocalIPv6Address", ""), ("LinkLocalIPv6PrefixLen", 0),
                ("Ports", ports(of: state?.endpoints ?? [])),
                // Where the kernel shows the namespace: a path for nsenter(1) and `ip netns attach`.
                ("SandboxKey", .string(pid.map { "/proc/\($0)/ns/net" } ?? "")),
                ("SecondaryIPAddresses", nil), ("SecondaryIPv6Addresses", nil),
            ] + addresses(state?.endpoints.first, networkMode.wishes.first) + [("Networks", networks(state))])
    }

    private typealias Members = [(key: String, value: JSON)]

    private func networks(_ state: ContainerState?) -> JSON {
        if case .container = networkMode { return [:] }
        if case .namespace = networkMode { return [:] }
        guard case .networks(let wishes) = networkMode else { return .object([(networkMode.text, network(nil, nil))]) }
        return .object(
            wishes.map { wish in
                (wish.network.text, network(state?.endpoints.first { $0.network == wish.network }, wish))
            })
    }

    private func addresses(_ endpoint: Endpoint?, _ wish: EndpointWish?) -> Members {
        [
            ("EndpointID", .string(endpoint?.id.hex ?? "")),
            ("Gateway", .string(endpoint?.gateway?.description ?? "")),
            ("GlobalIPv6Address", .string(endpoint?.address6?.address.description ?? "")),
            ("GlobalIPv6PrefixLen", .number(endpoint?.address6?.prefixLength ?? 0)),
            ("IPAddress", .string(endpoint?.address?.address.description ?? "")),
            ("IPPrefixLen", .number(endpoint?.address?.prefixLength ?? 0)),
            ("IPv6Gateway", .string(endpoint?.gateway6?.description ?? "")),
            ("MacAddress", .string((endpoint?.mac ?? wish?.mac)?.description ?? "")),
        ]
    }

    private func network(_ endpoint: Endpoint?, _ wish: EndpointWish?) -> JSON {
        let configuration = JSON.object([]).with([
            ("IPv4Address", wish?.address.map { .string($0.description) }),
            ("IPv6Address", wish?.address6.map { .string($0.description) }),
            ("LinkLocalIPs", wish.flatMap { $0.linkLocal.isEmpty ? nil : .strings($0.linkLocal.map(\.description)) }),
        ])
        return .object(
            [
                ("IPAMConfig", configuration == [:] ? .null : configuration), ("Links", nil),
                ("Aliases", JSON.list((wish?.aliases ?? []).map(\.description))), ("DriverOpts", options(wish)),
                ("GwPriority", .number(wish?.gatewayPriority ?? 0)),
                ("NetworkID", .string(endpoint?.networkID.hex ?? "")),
            ] + addresses(endpoint, wish) + [("DNSNames", names(endpoint))])
    }

    private func options(_ wish: EndpointWish?) -> JSON {
        wish?.interface.map { ["com.docker.network.endpoint.ifname": .string($0)] } ?? .null
    }

    /// What the container's neighbours find it by.
    private func names(_ endpoint: Endpoint?) -> JSON {
        guard let endpoint, endpoint.hasNames else { return .null }
        return .strings([name.text] + endpoint.aliases.map(\.description) + [id.short])
    }

    /// `{"80/tcp": [{"HostIp": …, "HostPort": …}], "81/tcp": null}`: exposed ones that are not published, too.
    private func ports(of endpoints: [Endpoint]) -> JSON {
        if endpoints.isEmpty { return [:] }
        // At its own address there is no port of this host.
        let published = endpoints.publishedPorts.map { port -> (key: String, value: JSON) in
            let binding: JSON = [
                "HostIp": .string(port.mapping.hostAddress.description),
                "HostPort": .string(port.isOwn ? "" : "\(port.mapping.hostPort)"),
            ]
            return (port.name, binding)
        }
        let bindings = JSON.gathered(published)
        let others = exposedPorts.filter { port in !bindings.contains { $0.key == port } }
        return .object(bindings + others.map { ($0, .null) })
    }
}
