import Core
import Firewall
import Linux
import Netlink

/// The one comparison of what there should be of bridge networks with what there is: for whoever is about to use a network,
/// for `network reload`, for `system check` and its repair. Nothing here touches the kernel.
extension WantedBridges {
    package func differences(from observed: ObservedBridges) -> [BridgeDifference] {
        networks.flatMap { $0.differences(from: observed) } + routing(observed) + rules(observed)
            + strays(among: observed)
    }

    /// Those of which there should be something now; the others are made when they are used.
    package func established(in observed: ObservedBridges) -> [NetworkDefinition] {
        networks.filter { $0.isNeeded || observed.bridge(of: $0.definition) != nil }.map(\.definition)
    }

    /// What the firewall is to do for those that have a bridge.
    func intent(on observed: ObservedBridges) -> FirewallIntent {
        let made = networks.filter { observed.bridge(of: $0.definition) != nil }
        return FirewallIntent(made.map(\.definition), made.flatMap(\.members))
    }

    private func routing(_ observed: ObservedBridges) -> [BridgeDifference] {
        let needed = Set(established(in: observed).flatMap(\.gateways).map(\.family))
        return AddressFamily.allCases.filter { needed.contains($0) && !observed.routed.contains($0) }.map {
            BridgeDifference(
                subject: .bridge, what: HostRouting.setting($0), why: "it is off, and networks need it",
                remedy: .switchRoutingOn($0))
        }
    }

    private func rules(_ observed: ObservedBridges) -> [BridgeDifference] {
        let faults = observed.firewall.faults.map {
            BridgeDifference(subject: .rule, what: $0.place, why: $0.why, remedy: .establishRules)
        }
        return observed.firewall.lacks.map(difference) + faults + admissions(observed) + zones(observed) + moves
    }

    /// Whoever restores the network ends its move (`Host.restore`).
    private var moves: [BridgeDifference] {
        networks.map(\.definition).compactMap { network in
            guard let former = network.formerFirewall else { return nil }
            return BridgeDifference(
                subject: .rule, what: "network \"\(network.name)\"",
                why: "its move from \(former.rawValue) to \(network.firewall.rawValue) has not come to its end",
                remedy: .establishRules, network: network.id)
        }
    }

    private func admissions(_ observed: ObservedBridges) -> [BridgeDifference] {
        DockerUserChain.all.flatMap { chain in
            let devices = observed.unadmitted[chain.family] ?? []
            return networks.map(\.definition).filter { devices.contains($0.device) }.map {
                BridgeDifference(
                    subject: .rule, what: "\(chain.chain.text) \($0.device)",
                    why: "missing; network \"\($0.name)\" needs it", remedy: .establishRules, network: $0.id)
            }
        }
    }

    private func zones(_ observed: ObservedBridges) -> [BridgeDifference] {
        networks.map(\.definition).filter { observed.unzoned.contains($0.device) }.map {
            BridgeDifference(
                subject: .rule, what: "firewalld zone \(Firewalld.zone) \($0.device)",
                why: "missing; network \"\($0.name)\" needs it", remedy: .establishRules, network: $0.id)
        }
    }

    private func difference(_ lack: FirewallDifferences.Lack) -> BridgeDifference {
        let (who, network) = holder(lack.owner)
        return BridgeDifference(
            subject: .rule, what: lack.entry ?? who,
            why: lack.entry == nil
                ? "its rules are there, but not each once and in order" : "missing; \(who) needs it",
            remedy: .establishRules, network: network)
    }

    private func holder(_ owner: FirewallOwner) -> (who: String, network: ContainerID?) {
        for network in networks {
            if owner == .network(bridge: network.definition.device) {
                return ("network \"\(network.definition.name)\"", network.definition.id)
            }
            if let member = network.members.first(where: { owner == .endpoint($0.endpoint.id) }) {
                return ("container \(member.id.short)", network.definition.id)
            }
        }
        return (owner.description, nil)
    }
}

// MARK: - A network's links

extension WantedBridges.Network {
    fileprivate func differences(from observed: ObservedBridges) -> [BridgeDifference] {
        guard let bridge = observed.bridge(of: definition) else {
            return absence(observed.link(definition.device)?.info)
        }
        return differences(of: bridge) + forwarding(of: bridge.info, observed.routed)
            + memberDifferences(on: bridge.info, observed)
    }

    /// A network whose bridge's name somebody else has can never be used, be it needed now or not.
    private func absence(_ link: LinkInfo?) -> [BridgeDifference] {
        if let link, !definition.owns(link) {
            let why =
                "it is not \(Program.current.name)'s, and network \"\(definition.name)\" needs a bridge of that name"
            return [lack(.bridge, definition.device, "\(why) (\(definition.foreignRemedy))", .refuse)]
        }
        guard isNeeded else { return [] }
        let remedy = link.map { BridgeDifference.Remedy.finishBridge($0.index) } ?? .makeBridge
        return [
            lack(
                .bridge, definition.device, "it is missing, and containers are on network \"\(definition.name)\"",
                remedy)
        ]
    }

    /// Where the host does not route at all, that is what is missing.
    private func forwarding(of bridge: LinkInfo, _ routed: Set<AddressFamily>) -> [BridgeDifference] {
        if definition.isInternal { return [] }
        let needed = AddressFamily.allCases.filter { definition.settledFamilies.contains($0) && routed.contains($0) }
        return needed.filter { HostRouting.isOff($0, in: bridge.settings) }.map { family in
            lack(
                .bridge, bridge.name, "it does not forward: \(HostRouting.setting(family, of: bridge.name)) is 0",
                .switchForwardingOn(family))
        }
    }

    private func differences(of bridge: ObservedBridges.Link) -> [BridgeDifference] {
        let link = bridge.info
        var differences: [BridgeDifference] = []
        // An address of IPv6 needs the settings first.
        if !BridgeSettings.areRight(link.settings, families: definition.settledFamilies) {
            differences.append(lack(.bridge, link.name, "its settings (sysctl) have been changed", .applySettings))
        }
        for gateway in definition.hostAddresses where bridge.addresses?.contains(gateway) == false {
            differences.append(
                lack(.bridge, link.name, "it lacks the address \(gateway)", .addAddress(gateway, link.index)))
        }
        if let address = lostLinkLocal(of: bridge) {
            differences.append(
                lack(.bridge, link.name, "it lacks the address \(address)", .addAddress(address, link.index)))
        }
        if link.mac != definition.bridgeMAC {
            differences.append(
                lack(.bridge, link.name, "its MAC address is not \(definition.bridgeMAC)", .giveMAC(link.index)))
        }
        if !link.isUp { differences.append(lack(.bridge, link.name, "it is down", .bringUp(link.index))) }
        return differences
    }

    /// The kernel gives it to a link that comes up, and not again: without it nobody is asked for the MAC address of a member whom
    /// something is forwarded to (ndisc_send_ns).
    private func lostLinkLocal(of bridge: ObservedBridges.Link) -> Subnet? {
        let link = bridge.info
        guard definition.hostAddresses.contains(where: { $0.family == .ipv6 }), link.isUp, link.isOperational,
            BridgeSettings.areRight(link.settings, families: definition.settledFamilies),
            bridge.addresses?.contains(where: { $0.address.isMappedOrOfLink }) == false
        else { return nil }
        return Subnet(definition.bridgeMAC.linkLocalAddress, 64)
    }
}
