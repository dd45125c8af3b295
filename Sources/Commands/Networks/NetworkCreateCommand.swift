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
    /// `--ipv6=false`
    var refusesIPv6 = false
    var options: [(key: String, value: String)] = []
    var ipamDriver: String?
    var isDryRun = false

    package init() {}

    package static var flags: [Flag<NetworkCreateCommand>] {
        [
            .value("driver", short: "d", "DRIVER", "Driver of the network (default bridge)") {
                command, text throws(OperationError) in
                command.request.driver = SimpleValue.given(text) ?? "bridge"
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
            .toggle("ipv6", "Containers get an address of IPv6") {
                $0.request.hasIPv6 = $1
                $0.refusesIPv6 = !$1
            },
            .toggle("ipv4", "Containers get an address of IPv4 (default true)") { $0.request.hasIPv4 = $1 },
            .toggle("internal", "No way out of the network") { $0.request.isInternal = $1 },
            .value("label", "KEY=VALUE", "Set a label") { command, text throws(OperationError) in
                command.labels.append(try SimpleValue.label(text))
            },
            .value("opt", short: "o", "KEY=VALUE", "Set an option of the driver; repeatable") {
                command, text throws(OperationError) in
                command.options.append(EnvironmentValue.halves(text))
            },
        ] + addresses + usual
    }

    /// At most one of each, of each address family.
    private static var addresses: [Flag<NetworkCreateCommand>] {
        [
            .value("subnet", "SUBNET", "Subnet, or the gateway's address in it: 192.168.10.1/24") {
                command, text throws(OperationError) in
                if let subnet = try SimpleValue.given(text, SimpleValue.subnet) {
                    command.request.subnets.append(subnet)
                    // One of IPv6 asks for that.
                    if subnet.family == .ipv6 { command.request.hasIPv6 = true }
                }
            },
            .value("gateway", "ADDRESS", "The gateway's address in the subnet") {
                command, text throws(OperationError) in
                if let address = try SimpleValue.given(text, SimpleValue.address) {
                    command.request.gateways.append(address)
                }
            },
            .value("ip-range", "RANGE", "Part of the subnet that addresses are chosen from: 192.168.10.128/25, or A-B")
            {
                command, text throws(OperationError) in
                if let range = try SimpleValue.given(text, NetworkValue.range) { command.request.ranges.append(range) }
            },
            .value("aux-address", "NAME=ADDRESS", "Address in the subnet that somebody else has; repeatable") {
                command, text throws(OperationError) in
                let (name, address) = try NetworkValue.auxiliary(text)
                guard command.request.auxiliary.updateValue(address, forKey: name) == nil else {
                    throw OperationError("\(JSON.quoted(name)) has two addresses", kind: .invalid)
                }
            },
        ]
    }

    /// What is so in any case, and what there is not.
    private static var usual: [Flag<NetworkCreateCommand>] {
        [
            .toggle("attachable", "Any container may be on it, as on every network") { $0.request.isAttachable = $1 },
            .value("ipam-driver", "DRIVER", "default, or null: containers get no addresses") {
                command, text throws(OperationError) in
                command.ipamDriver = SimpleValue.given(text)
            },
            .toggle("config-only", "Make nothing: other networks are to be made like it") {
                $0.request.isConfigOnly = $1
            },
            .value("config-from", "NETWORK", "Make it like one that was created with --config-only") {
                command, text throws(OperationError) in
                command.request.configFrom = SimpleValue.given(text)
            },
            .value("ipam-opt", "KEY=VALUE", "The default IPAM driver has no options") {
                _, text throws(OperationError) in
                throw OperationError("the default IPAM driver has no option \(JSON.quoted(text))", kind: .unsupported)
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

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if isDryRun {
            context.show(try context.engine.commands(creating: request(operands)))
            return 0
        }
        let request = try request(operands)
        let id = try context.engine.createNetwork(request)
        context.answer(id: id.hex, fate: "network \(request.name) is there", undo: "network rm \(request.name)")
        return 0
    }

    package func request(_ operands: [String]) throws(OperationError) -> NetworkRequest {
        var request = request
        request.name = operands.first ?? ""
        request.labels = try EnvironmentValue.labels(files: [], flags: labels)
        if refusesIPv6, let subnet = request.subnets.first(where: { $0.family == .ipv6 }) {
            throw OperationError("conflicting options: --ipv6=false and --subnet \(subnet)", kind: .invalid)
        }
        // These are the daemon's to refuse where there is one, so they are no mistakes of flags.
        if let ipamDriver { request.givesAddresses = try NetworkValue.ipamDriver(ipamDriver) }
        request.options = try NetworkOptions(options, driver: request.isConfigOnly ? "null" : request.driver)
        return request
    }
}
