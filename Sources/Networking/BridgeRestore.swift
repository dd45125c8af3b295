import Core
import Firewall
import Glibc
import Linux
import Netlink

extension BridgeDriver {
    /// Bridges, addresses, ports of bridges, sysctls, and rules with one write of each table. A failure without a name is the
    /// firewall's, and so concerns all.
    package func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] {
        var failures: [(name: Name?, failure: OperationError)] = []
        var restored: [NetworkDefinition] = []
        for network in networks {
            do throws(OperationError) {
                try restoreDevices(of: network, members.filter { $0.endpoint.networkID == network.id })
                restored.append(network)
            } catch {
                failures.append((network.name, error))
            }
        }
        let ids = Set(restored.map(\.id))
        let published = members.filter { ids.contains($0.endpoint.networkID) && !$0.endpoint.ports.isEmpty }
        do throws(OperationError) {
            guard !restored.isEmpty else { return failures }
            try firewall.apply(isStale: { owner in
                if case .endpoint(let shortID) = owner { isStale(shortID) } else { false }
            }) { () throws(OperationError) in
                // Judged while the tables cannot change: who ends from now on takes the rules away after this.
                BridgeRules.establishing(restored, members: published.filter(\.isRunning))
            }
            for member in published { StaleFlows.forget(to: member.endpoint) }
        } catch {
            failures.append((nil, error))
        }
        return failures
    }

    /// Those that lack a bridge, a sysctl or a rule. It is not much more than two reads of tables.
    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        let deviations = try firewall.deviations(from: BridgeRules.establishing(networks))
        if deviations.isLayoutWrong || Sysctl.get(BridgeSettings.forwarding) != "1" { return networks }
        var netlink = try RouteSocket()
        var deviants: [NetworkDefinition] = []
        for network in networks {
            let link = try netlink.link(.named(network.device))
            let isRight =
                link?.alias == network.alias && link?.isUp == true
                && link.map { BridgeSettings.areRight($0.settings) } == true
                && !deviations.owners.contains(.network(bridge: network.device))
            if !isRight { deviants.append(network) }
        }
        return deviants
    }
}

// MARK: - Devices

extension BridgeDriver {
    private func restoreDevices(of network: NetworkDefinition, _ members: [NetworkMember]) throws(OperationError) {
        var netlink = try RouteSocket()
        let bridge = try restoreBridge(network, &netlink)
        try BridgeSettings.apply(to: network.device)
        for member in members {
            do throws(OperationError) {
                try restorePort(member, bridge, &netlink)
            } catch {
                // The container has just ended.
                guard error.errno == ENODEV else { throw error }
            }
        }
    }

    /// - Returns: the bridge's index.
    private func restoreBridge(
        _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> Int32 {
        if let link = try netlink.link(.named(network.device)) { return try complete(link, network, &netlink) }
        do throws(OperationError) {
            return try createBridge(network, &netlink)
        } catch {
            // Somebody was faster.
            guard error.errno == EEXIST, let link = try netlink.link(.named(network.device)) else { throw error }
            return try complete(link, network, &netlink)
        }
    }

    private func createBridge(
        _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> Int32 {
        try netlink.createBridge(try request(network, &netlink))
    }

    private func request(
        _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> BridgeRequest {
        var mtu = network.mtu
        if mtu == nil { mtu = try netlink.defaultRouteMTU() }
        return BridgeRequest(
            name: network.device, mac: network.bridgeMAC, mtu: mtu, alias: network.alias, address: network.gateway)
    }

    /// Gives a bridge that is there what it lacks.
    private func complete(
        _ link: LinkInfo, _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> Int32 {
        guard network.owns(link) else { throw foreign(network) }
        if link.alias != network.alias { try netlink.finishBridge(link.index, try request(network, &netlink)) }
        let addresses = try netlink.addresses(of: network.gateway.family)
        if !addresses.contains(where: { $0.link == link.index && $0.address == network.gateway }) {
            try netlink.addAddress(network.gateway, index: link.index, name: link.name)
        }
        if !link.isUp { try netlink.setUp(.index(link.index)) }
        return link.index
    }

    /// A bridge that was deleted has let go of its ports.
    private func restorePort(
        _ member: NetworkMember, _ bridge: Int32, _ netlink: inout RouteSocket
    ) throws(OperationError) {
        let name = member.endpoint.hostInterface
        guard let link = try netlink.link(.named(name)), link.kind == "veth", member.isRunning else { return }
        if link.master != bridge { try netlink.setMaster(.index(link.index), bridge: bridge) }
        let port = member.endpoint.port(link.index)
        if try !port.isMet(by: netlink.port(link.index)) { try netlink.guardPortAnew(port) }
        if !link.isUp { try netlink.setUp(.index(link.index)) }
    }
}
