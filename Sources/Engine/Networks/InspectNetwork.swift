import Core
import Lifecycle
import Records

extension Engine {
    /// One network in the form of `docker network inspect`.
    package func inspectNetwork(_ name: String) throws(OperationError) -> JSON {
        if name == "host" || name == "none" { return Self.predefined(name) }
        guard let network = try networkStore.find(name) else {
            throw OperationError("network \(name) not found", kind: .notFound)
        }
        var users: [(key: String, value: JSON)] = []
        for (id, endpoint) in try host.members(of: network).sorted(by: { $0.id < $1.id })
        where host.isSupervised(id) {
            let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
            users.append(
                (
                    id.hex,
                    [
                        "Name": .string(name), "EndpointID": .string(endpoint.id.hex),
                        "MacAddress": .string(endpoint.mac.description),
                        "IPv4Address": .string(endpoint.address.description), "IPv6Address": "",
                    ]
                ))
        }
        let config: JSON = [
            "Subnet": .string(network.subnet.description), "Gateway": .string(network.gateway.address.description),
        ]
        return [
            "Name": .string(network.name.text), "Id": .string(network.id.hex),
            "Created": .string(network.created.description), "Scope": "local", "Driver": .string(network.driver),
            "EnableIPv4": true, "EnableIPv6": false,
            "IPAM": ["Driver": "default", "Options": [:], "Config": [config]], "Internal": .bool(network.isInternal),
            "Attachable": false, "Ingress": false, "ConfigOnly": false, "Containers": .object(users),
            "Options": .object([("com.docker.network.bridge.name", .string(network.device))]),
            "Labels": network.labels.json,
        ]
    }

    private static func predefined(_ name: String) -> JSON {
        [
            "Name": .string(name), "Id": "", "Scope": "local", "Driver": .string(name == "none" ? "null" : name),
            "EnableIPv4": true, "EnableIPv6": false, "IPAM": ["Driver": "default", "Options": [:], "Config": []],
            "Internal": false, "Attachable": false, "Ingress": false, "ConfigOnly": false, "Containers": [:],
            "Options": [:], "Labels": [:],
        ]
    }
}
