import Core

extension NetworkDetails {
    /// The form of `docker network inspect`.
    package var inspected: JSON {
        switch self {
        case .predefined(let name): Self.inspected(predefined: name)
        case .defined(let network, let users): network.inspected(users)
        }
    }

    private static func inspected(predefined name: String) -> JSON {
        [
            "Name": .string(name), "Id": "", "Scope": "local", "Driver": .string(name == "none" ? "null" : name),
            "EnableIPv4": true, "EnableIPv6": false, "IPAM": ["Driver": "default", "Options": [:], "Config": []],
            "Internal": false, "Attachable": false, "Ingress": false, "ConfigOnly": false, "Containers": [:],
            "Options": [:], "Labels": [:],
        ]
    }
}

extension NetworkDefinition {
    fileprivate func inspected(_ users: [NetworkUser]) -> JSON {
        let configs = gateways.map { gateway -> JSON in
            ["Subnet": .string(gateway.network.description), "Gateway": .string(gateway.address.description)]
        }
        return [
            "Name": .string(name.text), "Id": .string(id.hex), "Created": .string(created.description),
            "Scope": "local", "Driver": .string(driver), "EnableIPv4": true,
            "EnableIPv6": .bool(gateway6 != nil),
            "IPAM": ["Driver": "default", "Options": [:], "Config": .array(configs)], "Internal": .bool(isInternal),
            "Attachable": false, "Ingress": false, "ConfigOnly": false,
            "Containers": .object(users.map { ($0.id.hex, $0.inspected) }),
            "Options": .object([
                ("com.docker.network.bridge.name", .string(device)), ("mydocker.firewall", .string(firewall.rawValue)),
            ]), "Labels": labels.json,
        ]
    }
}

extension NetworkUser {
    fileprivate var inspected: JSON {
        [
            "Name": .string(name), "EndpointID": .string(endpoint.id.hex),
            "MacAddress": .string(endpoint.mac.description), "IPv4Address": .string(endpoint.address.description),
            "IPv6Address": .string(endpoint.address6?.description ?? ""),
        ]
    }
}
