import Core
import Firewall
import Netlink

/// What makes networks and endpoints, as commands: of the same differences, requests and intents that are carried out.
extension BridgeDriver {
    package func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        let isStaleOwner = { (owner: FirewallOwner) in
            if case .endpoint(let shortID) = owner { isStale(shortID) } else { false }
        }
        var commands = try deviceCommands(plan)
        commands += try ruleCommands(
            FirewallIntent(plan.networks, []), plan.networks, upon: plan.ground.firewall, isStaleOwner)
        commands += try admissions(plan)
        let established = FirewallIntent(plan.networks + plan.established, [])
        for member in plan.endpoints { commands += try commandsOf(member) }
        let published = plan.endpoints.filter(\.endpoint.publishes).map {
            PublishedPorts($0.endpoint, by: $0.network.firewall)
        }
        commands += try ruleCommands(
            FirewallIntent(published: published), plan.networks + plan.established,
            upon: plan.ground.firewall.adding(established), isStaleOwner)
        return commands
    }

    private func deviceCommands(_ plan: NetworkPlan) throws(OperationError) -> [ShellCommand] {
        var netlink = try RouteSocket()
        var commands: [ShellCommand] = []
        for network in WantedBridges(needed: plan.networks).networks {
            var observed = ObservedBridges()
            observed.routed = []
            if plan.ground == .found { observed = try observeDevices(of: network, &netlink) }
            for difference in WantedBridges(networks: [network], owners: nil).differences(from: observed) {
                // What concerns the whole host is done once.
                for command in try self.commands(of: difference.remedy, network.definition, &netlink)
                where !commands.contains(command) { commands.append(command) }
            }
        }
        return commands
    }

    /// Of those that a network without containers may need.
    private func commands(
        of remedy: BridgeDifference.Remedy, _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> [ShellCommand] {
        switch remedy {
        case .makeBridge:
            var request = try request(network, &netlink)
            // That of one that is there is its own for good.
            if let found = try netlink.link(.named(network.device)), network.owns(found),
                found.mtu != request.mtu ?? Self.usualMTU
            {
                request.mtu = found.mtu
            }
            // An address of IPv6 needs the settings first.
            let second = network.hostAddresses.filter { $0.family == .ipv6 }
                .map { $0.command(addingTo: network.device) }
            return request.commands + Self.settings(of: network) + [.bringUp(network.device)] + second
        case .refuse: throw foreign(network)
        case .finishBridge:
            return try request(network, &netlink).commands.dropFirst() + Self.settings(of: network)
        case .addAddress(let gateway, _): return [gateway.command(addingTo: network.device)]
        case .bringUp: return [.bringUp(network.device)]
        case .giveMAC:
            return [ShellCommand(["ip", "link", "set", "dev", network.device, "address", "\(network.bridgeMAC)"])]
        case .applySettings: return Self.settings(of: network)
        case .switchRoutingOn(let family):
            return try HostRouting.preparations(family).map { .set($0.key, to: $0.value) }
                + [.set(HostRouting.setting(family), to: "1")]
        case .switchForwardingOn(let family):
            return [.set(HostRouting.setting(family, of: network.device), to: "1")]
        case .joinBridge, .guardPort, .bringPortUp, .establishRules, .removeLink, .takeOffBridge, .removeRules,
            .removeFrame, .dismiss:
            return []
        }
    }

    /// Of a bridge that nobody has given one.
    private static let usualMTU = 1500

    private static func settings(of network: NetworkDefinition) -> [ShellCommand] {
        BridgeSettings.wanted(of: network.device, families: network.settledFamilies).map {
            .set($0.key, to: $0.value, isRequired: $0.isRequired)
        }
    }

    private func commandsOf(_ member: NetworkPlan.Member) throws(OperationError) -> [ShellCommand] {
        var mtu = member.endpoint.mtu
        if mtu == nil { mtu = try bridgeMTU(of: member.network) }
        return member.commandsOfVeth(mtu: mtu)
    }

    private func bridgeMTU(of network: NetworkDefinition) throws(OperationError) -> Int? {
        var netlink = try RouteSocket()
        if let link = try netlink.link(.named(network.device)), network.owns(link) { return link.mtu }
        return try request(network, &netlink).mtu
    }

    // MARK: Rules

    private func ruleCommands(
        _ intent: FirewallIntent, _ networks: [NetworkDefinition], upon ground: FirewallGround,
        _ isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        var commands: [ShellCommand] = []
        for (backend, firewall) in firewalls.byBackend {
            let devices = Set(networks.filter { $0.firewall == backend }.map(\.device))
            let own = intent.on(devices, backend)
            if own.isEmpty { continue }
            commands += try firewall.commands(establishing: own, upon: ground.on(devices, backend), isStale: isStale)
        }
        return commands
    }

    private func admissions(_ plan: NetworkPlan) throws(OperationError) -> [ShellCommand] {
        // A kernel without nftables has no such chain.
        guard var tables = try? NFTablesSocket() else { return [] }
        // On a host that has nothing of the plan.
        let unzoned =
            plan.ground == .found
            ? try FirewalldZone.lacking(plan.networks) : FirewalldZone.devices(of: plan.networks)
        var commands = unzoned.sorted().map(FirewalldZone.command)
        for chain in DockerUserChain.all {
            guard let found = try tables.rules(of: chain.chain) else { continue }
            for network in plan.networks where chain.isAbout(network) {
                if plan.ground == .found, DockerUserChain.change(network, found) == nil { continue }
                commands += chain.commands(admitting: network, among: found)
            }
        }
        return commands
    }
}

extension NetworkPlan.Member {
    /// A link on a bridge that is there.
    func commandsOfVeth(mtu: Int?) -> [ShellCommand] {
        // Numbers of links and namespaces are not in what is written.
        let veth = endpoint.veth(on: 0, mtu: mtu, in: .descriptor(-1))
        let inside = endpoint.inside(nil, leading: leads, network.bridgeMAC)
        let settings = endpoint.address6 == nil ? [] : InterfaceSettings.settings(of: endpoint.interface)
        return [veth.command(on: endpoint.bridge, in: namespace)]
            + settings.map { .set($0.key, to: $0.value).inside(namespace) } + endpoint.port(0).commands
            + inside.commands.map { $0.inside(namespace) }
    }
}

extension NetworkPlan.Ground {
    fileprivate var firewall: FirewallGround { self == .found ? .found : .nothing }
}

extension DockerUserChain {
    /// - Parameter found: what is in the chain; rules about the network in it are not counted.
    func commands(admitting network: NetworkDefinition, among found: [FoundRule]) -> [ShellCommand] {
        let rules = Self.rules(for: network)
        let tool = family == .ipv4 ? "iptables-nft" : "ip6tables-nft"
        let others = found.filter { rule in !rules.contains { $0.comment == rule.comment } }
        let place = others.firstIndex(where: \.isBareReturn) ?? others.count
        return rules.enumerated().map { offset, rule in
            ShellCommand([tool, "-I", "DOCKER-USER", "\(place + offset + 1)"] + rule.words)
        }
    }
}

extension InterfaceRule {
    /// What `iptables` is told of it behind the chain.
    fileprivate var words: [String] {
        (input.map { ["-i", $0] } ?? []) + (output.map { ["-o", $0] } ?? [])
            + ["-m", "comment", "--comment", comment, "-j", verdict == .accept ? "ACCEPT" : "RETURN"]
    }
}
