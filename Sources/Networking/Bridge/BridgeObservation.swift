import Core
import Firewall
import Glibc
import Linux
import Netlink

/// Readers: they take no lock and change nothing.
extension BridgeDriver {
    /// Everything that could concern `wanted`.
    package func observe(_ wanted: WantedBridges) throws(OperationError) -> ObservedBridges {
        var observed = ObservedBridges()
        var netlink = try RouteSocket()
        observed.links = try netlink.links().map { ObservedBridges.Link($0) }
        let bridges = Set(observed.links.map(\.info).filter(\.isOwnBridge).map(\.index))
        observed.note(try netlink.addresses(of: wanted.families), of: bridges)
        for place in observed.links.indices {
            let index = observed.links[place].info.index
            guard let master = observed.links[place].info.master, bridges.contains(master) else { continue }
            observed.links[place].port = try netlink.portOfLink(index)
        }
        try observeHost(wanted, &observed)
        return observed
    }

    /// The bridges alone, with their addresses. It is not much more than two reads of rules.
    func observeBridges(_ wanted: WantedBridges) throws(OperationError) -> ObservedBridges {
        var observed = ObservedBridges()
        var netlink = try RouteSocket()
        for network in wanted.networks {
            guard let link = try netlink.link(.named(network.definition.device)) else { continue }
            observed.links.append(ObservedBridges.Link(link))
        }
        let bridges = Set(observed.links.map(\.info.index))
        observed.note(try netlink.addresses(of: wanted.families, onBridges: bridges), of: bridges)
        try observeHost(wanted, &observed)
        return observed
    }

    /// Bridge and ports of a network, without the firewall.
    func observeDevices(
        of network: WantedBridges.Network, _ netlink: inout RouteSocket
    ) throws(OperationError) -> ObservedBridges {
        var observed = ObservedBridges()
        observed.routed = HostRouting.families
        guard let bridge = try netlink.link(.named(network.definition.device)) else { return observed }
        observed.links.append(ObservedBridges.Link(bridge))
        let own = try netlink.addresses(of: network.definition.settledFamilies, on: bridge.index)
        observed.note(own, of: [bridge.index])
        observed.links += try netlink.observe(network.members, on: bridge)
        return observed
    }

    private func observeHost(
        _ wanted: WantedBridges, _ observed: inout ObservedBridges
    ) throws(OperationError) {
        observed.routed = HostRouting.families
        observed.firewall = try firewalls.differences(
            from: wanted.intent(on: observed), of: wanted.networks.map(\.definition),
            isOwner: wanted.owners.map { owners in { owners.include($0) } })
        // A kernel without nftables has no such chain.
        let made = wanted.networks.map(\.definition).filter { observed.bridge(of: $0) != nil }
        for chain in DockerUserChain.all {
            observed.unadmitted[chain.family] = Set((try? chain.lacking(made)) ?? [])
            if wanted.owners != nil { observed.admitted[chain.family] = try? chain.devices() }
        }
        observed.unzoned = (try? FirewalldZone.lacking(made)) ?? []
    }
}

extension WantedBridges {
    /// Those that a network has addresses of: this kernel may know no other one.
    fileprivate var families: Set<AddressFamily> { Set(networks.flatMap(\.definition.gateways).map(\.family)) }
}

extension RouteSocket {
    /// Of one or two bridges, as a run has them, whatever else this host has; of more by one list.
    fileprivate mutating func addresses(
        of families: Set<AddressFamily>, onBridges bridges: Set<Int32>
    ) throws(OperationError) -> [AddressInfo] {
        if bridges.count > 2 { return try addresses(of: families) }
        var found: [AddressInfo] = []
        for bridge in bridges { found += try addresses(of: families, on: bridge) }
        return found
    }
}

extension ObservedBridges {
    /// - Parameter bridges: indices of the links that somebody has asked about.
    fileprivate mutating func note(_ addresses: [AddressInfo], of bridges: Set<Int32>) {
        let own = Dictionary(grouping: addresses, by: \.link)
        for place in links.indices where bridges.contains(links[place].info.index) {
            links[place].addresses = (own[links[place].info.index] ?? []).map(\.address)
        }
    }
}
