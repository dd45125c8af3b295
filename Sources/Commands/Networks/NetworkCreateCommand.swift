import Core
import Engine

/// `mydocker network create`
package struct NetworkCreateCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network create", group: .networks, operands: "NETWORK", summary: "Create a network",
            operandCount: 1...1)
    }

    var request = NetworkRequest(name: "")
    var labels: [String] = []
    var isDryRun = false

    package init() {}

    package static var flags: [Flag<NetworkCreateCommand>] {
        [
            .value("driver", short: "d", "DRIVER", "Driver of the network (default bridge)") {
                command, text throws(OperationError) in
                command.request.driver = SimpleValue.given(text) ?? "bridge"
            },
            .value("subnet", "SUBNET", "Subnet, or the gateway's address in it: 192.168.10.1/24") {
                command, text throws(OperationError) in
                try command.setSubnet(text)
            },
            .value("gateway", "ADDRESS", "The gateway's address in the subnet") {
                command, text throws(OperationError) in
                try command.setGateway(text)
            },
            .value("firewall", "FIREWALL", "Who has the network's rules: iptables, nftables or none") {
                command, text throws(OperationError) in
                guard let firewall = FirewallBackend(rawValue: text) else {
                    throw OperationError("there are iptables, nftables and none", kind: .invalid)
                }
                command.request.firewall = firewall
            },
            .toggle("dry-run", "Make nothing: print the commands that would make the same") { $0.isDryRun = $1 },
            .toggle("ignore", "Succeed when a network of that name exists, and tell how it differs") {
                $0.request.ignoresExisting = $1
            },
            .toggle("ipv6", "Containers get an address of IPv6 besides") { $0.request.hasIPv6 = $1 },
            .toggle("internal", "No way out of the network") { $0.request.isInternal = $1 },
            .value("label", "KEY=VALUE", "Set a label") { command, text throws(OperationError) in
                command.labels.append(try SimpleValue.label(text))
            },
            .value("opt", short: "o", "KEY=VALUE", "Set an option of the driver: mtu, or name, the bridge's") {
                command, text throws(OperationError) in
                try command.setOption(text)
            },
        ] + usual
    }

    /// What is so in any case, and what there is not.
    private static var usual: [Flag<NetworkCreateCommand>] {
        [
            .toggle("attachable", "Any container may be on it, as on every network") { _, _ in },
            .value("ipam-driver", "DRIVER", "default, and no other one") { _, text throws(OperationError) in
                try only("default", text, "failed to find ipam driver: \(text)")
            },
            .value("scope", "SCOPE", "local, and no other one") { _, text throws(OperationError) in
                try only("local", text, "--scope \(text) needs a swarm")
            },
            .toggle("ingress", "Not supported") { _, isOn throws(OperationError) in
                if isOn { throw OperationError("--ingress needs a swarm", kind: .unsupported) }
            },
        ]
    }

    private static func only(_ value: String, _ text: String, _ complaint: String) throws(OperationError) {
        guard ["", value].contains(text) else { throw OperationError(complaint, kind: .unsupported) }
    }

    /// One of each family; one of IPv6 asks for that.
    private mutating func setSubnet(_ text: String) throws(OperationError) {
        guard let subnet = try SimpleValue.given(text, SimpleValue.subnet) else { return }
        if subnet.family == .ipv4 {
            request.subnet = subnet
        } else {
            request.subnet6 = subnet
            request.hasIPv6 = true
        }
    }

    private mutating func setGateway(_ text: String) throws(OperationError) {
        guard let gateway = try SimpleValue.given(text, SimpleValue.address) else { return }
        if gateway.family == .ipv4 { request.gateway = gateway } else { request.gateway6 = gateway }
    }

    private mutating func setOption(_ text: String) throws(OperationError) {
        let (key, value) = EnvironmentValue.halves(text)
        switch key {
        case "mtu", "com.docker.network.driver.mtu": try setMTU(value)
        case "name", "com.docker.network.bridge.name":
            guard value.isInterfaceName else {
                throw OperationError("use a name of 1 to 15 bytes, without / or :")
            }
            request.device = value
        default: throw OperationError("no such option; there are mtu and name")
        }
    }

    private mutating func setMTU(_ value: String) throws(OperationError) {
        // 68 is the least that IPv4 works with (RFC 791).
        guard let mtu = Decimal.parse(value, in: 68...65_535) else {
            throw OperationError("use an MTU from 68 to 65535")
        }
        request.mtu = mtu
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if isDryRun {
            context.show(try context.engine.commands(creating: request(operands)))
            return 0
        }
        let id = try context.engine.createNetwork(request(operands))
        context.answer(id: id.hex)
        return 0
    }

    package func request(_ operands: [String]) throws(OperationError) -> NetworkRequest {
        var request = request
        request.name = operands.first ?? ""
        request.labels = try EnvironmentValue.labels(files: [], flags: labels)
        if request.gateway6 != nil, !request.hasIPv6 {
            throw OperationError("--gateway \(request.gateway6?.description ?? "") needs --ipv6", kind: .invalid)
        }
        return request
    }
}
