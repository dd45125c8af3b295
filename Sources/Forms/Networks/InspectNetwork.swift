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
            "Name": .string(name), "Id": .string(Name(name).map { ContainerID.ofPredefinedNetwork($0).hex } ?? ""),
            "Created": "0001-01-01T00:00:00Z", "Scope": "local", "Driver": .string(name == "none" ? "null" : name),
            "EnableIPv4": true, "EnableIPv6": false, "IPAM": ["Driver": "default", "Options": [:], "Config": []],
            "Internal": false, "Attachable": false, "Ingress": false, "ConfigFrom": ["Network": ""],
            "ConfigOnly": false, "Containers": [:],
            "Options": [:], "Labels": [:],
        ]
    }
}

extension NetworkDefinition {
    fileprivate func inspected(_ users: [NetworkUser]) -> JSON {
        let options = options.texts + (firewall == .none ? [] : [("mydocker.firewall", firewall.rawValue)])
        return [
            "Name": .string(name.text), "Id": .string(id.hex), "Created": .string(created.description),
            "Scope": "local", "Driver": .string(driver), "EnableIPv4": .bool(enabledFamilies.contains(.ipv4)),
            "EnableIPv6": .bool(enabledFamilies.contains(.ipv6)),
            "IPAM": [
                "Driver": givesAddresses ? "default" : "null", "Options": [:],
                "Config": .array(gateways.map(configuration)),
            ], "Internal": .bool(isInternal), "Attachable": .bool(isAttachable), "Ingress": false,
            "ConfigFrom": ["Network": .string(configFrom?.text ?? "")], "ConfigOnly": .bool(isConfigOnly),
            "Containers": .object(users.map { ($0.id.hex, $0.inspected) }),
            "Options": .object(options.map { ($0.key, .string($0.value)) }), "Labels": labels.json,
        ]
    }

    /// Of one subnet.
    private func configuration(_ gateway: Subnet) -> JSON {
        let reserved = auxiliary.filter { $0.value.family == gateway.family }
        return JSON.object([("Subnet", .string(gateway.network.description))]).with([
            ("IPRange", range(of: gateway.family).map { .string($0.description) }),
            ("Gateway", .string(gateway.address.description)),
            ("AuxiliaryAddresses", reserved.isEmpty ? JSON?.none : reserved.mapValues(\.description).json),
        ])
    }
}

extension NetworkUser {
    fileprivate var inspected: JSON {
        [
            "Name": .string(name), "EndpointID": .string(endpoint.id.hex),
            "MacAddress": .string(endpoint.mac.description),
            "IPv4Address": .string(endpoint.address?.description ?? ""),
            "IPv6Address": .string(endpoint.address6?.description ?? ""),
        ]
    }
}
