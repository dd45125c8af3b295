import Core

/// The rules that bring intents about, as values. Nothing here touches the kernel.
enum IntentRules {
    static let isolate = "MYDOCKER-ISOLATE"
    static let forward = "MYDOCKER-FORWARD"
    static let egress = "MYDOCKER-EGRESS"
    static let input = "MYDOCKER-INPUT"
    static let postrouting = "MYDOCKER-POSTROUTING"
    static let publish = "MYDOCKER-DNAT"
    static let loopback = Subnet(IPAddress(ipv4: 127 << 24), 8)

    /// Our chains and the jumps into them, of one family. What may come in is decided before what may go out, so that no
    /// network's containers reach those of another one.
    static func layout(of family: AddressFamily) -> FirewallLayout {
        let filter = FirewallTable.filter(of: family)
        let nat = FirewallTable.nat(of: family)
        return FirewallLayout(
            chains: [OwnChain.user, isolate, forward, egress, input].map { .init(filter, $0) }
                + [publish, postrouting].map { .init(nat, $0) },
            headJumps: [OwnChain.user, isolate, forward, egress].map {
                FirewallRule(filter, "FORWARD", target: .jump($0))
            } + [FirewallRule(filter, "INPUT", target: .jump(input))],
            tailJumps: publishingJumps(nat) + [FirewallRule(nat, "POSTROUTING", target: .jump(postrouting))])
    }

    /// Only what is meant for this host itself is published (B58); 127.0.0.0/8 from outside never is. What is sent to `::1`
    /// cannot be translated: its answer would not be taken from a bridge (ip6_route_input_lookup).
    private static func publishingJumps(_ nat: FirewallTable) -> [FirewallRule] {
        let ownLoopback: FirewallRule.Match<Subnet>? =
            nat.family == .ipv4 ? nil : .not(Subnet(.loopbackIPv6, 128))
        return [
            FirewallRule(
                nat, "PREROUTING", destination: ownLoopback ?? .not(loopback), isToLocalAddress: true,
                target: .jump(publish)),
            FirewallRule(nat, "OUTPUT", destination: ownLoopback, isToLocalAddress: true, target: .jump(publish)),
        ]
    }

    /// What a network has for as long as it exists.
    static func rules(of network: NetworkIntent) -> [FirewallRule] {
        if network.gateways.isEmpty { return network.families.map { members(of: network, .filter(of: $0)) } }
        return network.gateways.flatMap { forwarding(network, $0) + translation(network, $0) }
    }

    /// What goes from port to port, where bridges ask (bridge-nf-call-iptables). Where this host has no address on the bridge it
    /// sends nothing on for it either: no source is behind it (rp_filter).
    private static func members(of network: NetworkIntent, _ filter: FirewallTable) -> FirewallRule {
        FirewallRule(
            filter, forward, input: .yes(network.bridge), output: .yes(network.bridge),
            target: network.membersMeet ? .accept : .drop)
    }

    private static func forwarding(_ network: NetworkIntent, _ gateway: Subnet) -> [FirewallRule] {
        let bridge = network.bridge
        let filter = FirewallTable.filter(of: gateway.family)
        let own = members(of: network, filter)
        if network.isInternal { return isolation(network, gateway) + [own] + loopbackRules(network, gateway) }
        let known = [
            FirewallRule(
                filter, forward, output: .yes(bridge), states: .yes([.related, .established]), target: .accept),
            FirewallRule(filter, forward, output: .yes(bridge), states: .yes(.dnat), target: .accept),
        ]
        return known + [own] + unpublished(network, filter) + loopbackRules(network, gateway) + [
            FirewallRule(filter, egress, input: .yes(bridge), target: .accept)
        ]
    }

    /// route_localnet lets the bridge carry 127.0.0.0/8: a container must not use that (CVE-2020-8558). Of IPv6 the kernel takes
    /// no loopback address from any other device (ip6_rcv_core).
    private static func loopbackRules(_ network: NetworkIntent, _ gateway: Subnet) -> [FirewallRule] {
        guard gateway.family == .ipv4 else { return [] }
        return [
            FirewallRule(
                .filter, input, destination: .yes(loopback), input: .yes(network.bridge),
                states: .not([.related, .established]), target: .drop)
        ]
    }

    /// What comes from elsewhere for an address that is a member's own.
    private static func unpublished(_ network: NetworkIntent, _ filter: FirewallTable) -> [FirewallRule] {
        let bridge = network.bridge
        let trusted = network.trustedInterfaces.map {
            FirewallRule(filter, forward, input: .yes($0), output: .yes(bridge), target: .accept)
        }
        // Whoever asks a member at its own address is told whether it is there, as in Docker.
        let messages =
            network.routed.contains(filter.family)
            ? [FirewallRule(filter, forward, output: .yes(bridge), isICMP: true, target: .accept)] : []
        return trusted + messages + [
            FirewallRule(
                filter, forward, output: .yes(bridge), target: network.open.contains(filter.family) ? .accept : .drop)
        ]
    }

    /// Before all other networks' rules: a published port of theirs is no way out, by whichever address of this host.
    /// Of the host itself an internal network reaches the gateway, and of IPv6 what connection tracking leaves alone:
    /// how neighbours find each other (nf_conntrack_icmpv6_error).
    private static func isolation(_ network: NetworkIntent, _ gateway: Subnet) -> [FirewallRule] {
        let bridge = network.bridge
        let filter = FirewallTable.filter(of: gateway.family)
        let known: FirewallRule.States =
            gateway.family == .ipv4 ? [.related, .established] : [.related, .established, .untracked]
        return [
            FirewallRule(filter, isolate, input: .yes(bridge), output: .not(bridge), target: .drop),
            FirewallRule(filter, isolate, input: .not(bridge), output: .yes(bridge), target: .drop),
            FirewallRule(
                filter, input, destination: .not(gateway.network), input: .yes(bridge), states: .not(known),
                target: .drop),
        ]
    }

    private static func translation(_ network: NetworkIntent, _ gateway: Subnet) -> [FirewallRule] {
        let bridge = network.bridge
        let nat = FirewallTable.nat(of: gateway.family)
        var rules: [FirewallRule] = []
        if !network.isInternal, network.masquerades, !network.routed.contains(gateway.family) {
            rules.append(
                FirewallRule(
                    nat, postrouting, source: .yes(gateway.network), output: .not(bridge), target: .masquerade))
        }
        if !network.hasHostAddress { return rules }
        // A container, or this host by 127.0.0.1, reaches a published port: the answer has to come back this way.
        for source in gateway.family == .ipv4 ? [gateway.network, loopback] : [gateway.network] {
            rules.append(
                FirewallRule(
                    nat, postrouting, source: .yes(source), output: .yes(bridge), states: .yes(.dnat),
                    target: .snat(to: gateway.address)))
        }
        return rules
    }

    /// What an endpoint has for its published ports.
    static func rules(of published: PublishedPorts) -> [FirewallRule] {
        published.addresses.flatMap { address in
            FirewallRule.publishing(
                published.ports.filter { $0.hostAddress.family == address.family && $0.hostAddress != .loopbackIPv6 },
                in: publish, to: address, owner: published.owner)
                + FirewallRule.opening(
                    published.openPorts.filter { $0.hostAddress.family == address.family }, in: forward, to: address,
                    owner: published.owner)
        }
    }
}

extension FirewallChange {
    /// Makes the rules of networks and endpoints what they should be, and our chains with them. Ports alone concern no
    /// other table than their own; where nothing is wanted, no table is.
    init(establishing intent: FirewallIntent) {
        if intent.isEmpty {
            self.init([])
            return
        }
        let families = intent.families
        self.init(
            intent.concernsPortsAlone ? families.map(FirewallTable.nat) : families.flatMap(FirewallTable.all),
            layouts: .ensure(families.map(IntentRules.layout)))
        for network in intent.networks { set(network.owner, IntentRules.rules(of: network)) }
        for published in intent.published {
            set(published.owner, IntentRules.rules(of: published))
        }
    }

    /// Takes the rules of an owner away from where they are put, and our chains with the last network.
    /// - Parameter withOpenPorts: as in `Firewall.withdraw`.
    init(
        withdrawing owner: FirewallOwner, of families: [AddressFamily] = AddressFamily.allCases,
        withOpenPorts: Bool = false
    ) {
        switch owner {
        case .endpoint: self.init(withOpenPorts ? families.flatMap(FirewallTable.all) : families.map(FirewallTable.nat))
        case .network:
            self.init(
                families.flatMap(FirewallTable.all), layouts: .removeUnused(families.map(IntentRules.layout)))
        }
        remove(owner)
    }

    /// Takes the rules of owners away wherever they are.
    init(clearing owners: [FirewallOwner], withChains: Bool) {
        self.init(
            FirewallTable.allCases,
            layouts: withChains ? .removeUnused(AddressFamily.allCases.map(IntentRules.layout)) : .leave)
        looksEverywhere = true
        for owner in owners { remove(owner) }
    }
}

extension FirewallIntent {
    /// Those of this host, which are translated.
    fileprivate var concernsPortsAlone: Bool { networks.isEmpty && published.allSatisfy(\.openPorts.isEmpty) }

    /// Those of which anything is wanted.
    fileprivate var families: [AddressFamily] {
        let wanted = networks.flatMap(\.families) + published.flatMap(\.addresses).map(\.family)
        return AddressFamily.allCases.filter(wanted.contains)
    }
}
