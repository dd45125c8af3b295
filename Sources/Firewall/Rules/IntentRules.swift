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

    /// Our chains and the jumps into them. What may come in is decided before what may go out, so that no
    /// network's containers reach those of another one.
    static let layout = FirewallLayout(
        chains: [
            .init(.filter, OwnChain.user), .init(.filter, isolate), .init(.filter, forward), .init(.filter, egress),
            .init(.filter, input),
            .init(.nat, publish), .init(.nat, postrouting),
        ],
        headJumps: [
            FirewallRule(.filter, "FORWARD", target: .jump(OwnChain.user)),
            FirewallRule(.filter, "FORWARD", target: .jump(isolate)),
            FirewallRule(.filter, "FORWARD", target: .jump(forward)),
            FirewallRule(.filter, "FORWARD", target: .jump(egress)),
            FirewallRule(.filter, "INPUT", target: .jump(input)),
        ],
        tailJumps: [
            // Only what is meant for this host itself is published (B58); 127.0.0.0/8 from outside never is.
            FirewallRule(
                .nat, "PREROUTING", destination: .not(loopback), isToLocalAddress: true, target: .jump(publish)),
            FirewallRule(.nat, "OUTPUT", isToLocalAddress: true, target: .jump(publish)),
            FirewallRule(.nat, "POSTROUTING", target: .jump(postrouting)),
        ])

    /// What a network has for as long as it exists.
    static func rules(of network: NetworkIntent) -> [FirewallRule] {
        forwarding(network) + translation(network)
    }

    private static func forwarding(_ network: NetworkIntent) -> [FirewallRule] {
        let bridge = network.bridge
        let own = FirewallRule(
            .filter, forward, input: .yes(bridge), output: .yes(bridge), target: network.membersMeet ? .accept : .drop)
        // route_localnet lets the bridge carry 127.0.0.0/8: a container must not use that (CVE-2020-8558).
        let loopbackRule = FirewallRule(
            .filter, input, destination: .yes(loopback), input: .yes(bridge),
            states: .not([.related, .established]), target: .drop)
        if network.isInternal { return isolation(network) + [own, loopbackRule] }
        let known = [
            FirewallRule(
                .filter, forward, output: .yes(bridge), states: .yes([.related, .established]), target: .accept),
            FirewallRule(.filter, forward, output: .yes(bridge), states: .yes(.dnat), target: .accept),
        ]
        return known + [own] + unpublished(network) + [
            loopbackRule, FirewallRule(.filter, egress, input: .yes(bridge), target: .accept),
        ]
    }

    /// What comes from elsewhere for an address that is a member's own.
    private static func unpublished(_ network: NetworkIntent) -> [FirewallRule] {
        let bridge = network.bridge
        let trusted = network.trustedInterfaces.map {
            FirewallRule(.filter, forward, input: .yes($0), output: .yes(bridge), target: .accept)
        }
        return trusted + [
            FirewallRule(.filter, forward, output: .yes(bridge), target: network.isOpen ? .accept : .drop)
        ]
    }

    /// Before all other networks' rules: a published port of theirs is no way out, by whichever address of this host.
    /// Of the host itself an internal network reaches the gateway.
    private static func isolation(_ network: NetworkIntent) -> [FirewallRule] {
        let bridge = network.bridge
        return [
            FirewallRule(.filter, isolate, input: .yes(bridge), output: .not(bridge), target: .drop),
            FirewallRule(.filter, isolate, input: .not(bridge), output: .yes(bridge), target: .drop),
            FirewallRule(
                .filter, input, destination: .not(network.subnet), input: .yes(bridge),
                states: .not([.related, .established]), target: .drop),
        ]
    }

    private static func translation(_ network: NetworkIntent) -> [FirewallRule] {
        let bridge = network.bridge
        let gateway = network.gateway
        var rules: [FirewallRule] = []
        if !network.isInternal, network.masquerades {
            rules.append(
                FirewallRule(
                    .nat, postrouting, source: .yes(network.subnet), output: .not(bridge), target: .masquerade))
        }
        if !network.hasHostAddress { return rules }
        // A container, or this host by 127.0.0.1, reaches a published port: the answer has to come back this way.
        for source in [network.subnet, loopback] {
            rules.append(
                FirewallRule(
                    .nat, postrouting, source: .yes(source), output: .yes(bridge), states: .yes(.dnat),
                    target: .snat(to: gateway)))
        }
        return rules
    }

    /// What an endpoint has for its published ports.
    static func rules(of published: PublishedPorts, shiftingRanges: Bool = true) -> [FirewallRule] {
        FirewallRule.publishing(
            published.ports, in: publish, to: published.address, owner: published.owner, shiftingRanges: shiftingRanges)
    }
}

extension FirewallChange {
    /// Makes the rules of networks and endpoints what they should be, and our chains with them. Ports alone concern no
    /// other table than their own; where nothing is wanted, no table is.
    /// - Parameter shiftingRanges: the firewall can do that.
    init(establishing intent: FirewallIntent, shiftingRanges: Bool = true) {
        if intent.isEmpty {
            self.init([])
            return
        }
        self.init(intent.networks.isEmpty ? [.nat] : [.filter, .nat], layout: .ensure(IntentRules.layout))
        for network in intent.networks { set(network.owner, IntentRules.rules(of: network)) }
        for published in intent.published {
            set(published.owner, IntentRules.rules(of: published, shiftingRanges: shiftingRanges))
        }
    }

    /// Takes the rules of an owner away from where they are put, and our chains with the last network.
    init(withdrawing owner: FirewallOwner) {
        switch owner {
        case .endpoint: self.init([.nat])
        case .network: self.init([.filter, .nat], layout: .removeUnused(IntentRules.layout))
        }
        remove(owner)
    }

    /// Takes the rules of owners away wherever they are.
    init(clearing owners: [FirewallOwner], withChains: Bool) {
        self.init([.filter, .nat], layout: withChains ? .removeUnused(IntentRules.layout) : .leave)
        for owner in owners { remove(owner) }
    }
}
