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
        for network in WantedBridges(needed: networks, members: members).networks {
            do throws(OperationError) {
                try restoreDevices(of: network)
                restored.append(network.definition)
            } catch {
                failures.append((network.definition.name, error))
            }
        }
        let ids = Set(restored.map(\.id))
        let published = members.filter { ids.contains($0.endpoint.networkID) && !$0.endpoint.ports.isEmpty }
        do throws(OperationError) {
            guard !restored.isEmpty else { return failures }
            try establish(isStale) { () throws(OperationError) in
                // Judged while the firewall cannot change: who ends from now on takes its rules away after this.
                FirewallIntent(restored, published.filter(\.isRunning))
            }
            for member in published { StaleFlows.forget(to: member.endpoint) }
        } catch {
            failures.append((nil, error))
        }
        return failures
    }

    /// Those that lack a bridge, a sysctl or a rule.
    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        let wanted = WantedBridges(needed: networks)
        let differences = wanted.differences(from: try observeBridges(wanted))
        return networks.filter { network in differences.contains { $0.isLack(of: network) } }
    }

    /// Takes away what has no owner; what an owner lacks is for `restore`.
    package func clear(_ differences: [BridgeDifference]) throws(OperationError) {
        var owners: [FirewallOwner] = []
        for case .removeRules(let owner) in differences.map(\.remedy) where !owners.contains(owner) {
            owners.append(owner)
        }
        let withFrame = differences.contains { $0.remedy == .removeFrame }
        if !owners.isEmpty || withFrame { try firewall.clear(owners, withFrame: withFrame) }
        var netlink = try RouteSocket()
        for difference in differences {
            switch difference.remedy {
            case .removeLink(let name): try netlink.deleteLink(.named(name))
            case .takeOffBridge(let name): try netlink.setMaster(.named(name), bridge: nil)
            default: continue
            }
        }
    }
}

// MARK: - Devices

extension BridgeDriver {
    /// What a bridge lacks that was not there, or not whole, shows only when it is.
    private func restoreDevices(of network: WantedBridges.Network) throws(OperationError) {
        var netlink = try RouteSocket()
        if try restoreDevices(of: network, &netlink) { _ = try restoreDevices(of: network, &netlink) }
    }

    /// - Returns: whether it has to be looked at once more.
    private func restoreDevices(
        of network: WantedBridges.Network, _ netlink: inout RouteSocket
    ) throws(OperationError) -> Bool {
        let wanted = WantedBridges(networks: [network], owners: nil)
        let observed = try observeDevices(of: network, &netlink)
        var mustLookAgain = false
        for difference in wanted.differences(from: observed) {
            switch difference.remedy {
            case .makeBridge:
                let isOwn = try makeBridge(network.definition, &netlink)
                mustLookAgain = !isOwn || !network.members.isEmpty
            case .refuse: throw foreign(network.definition)
            case .finishBridge(let index):
                try netlink.finishBridge(index, try request(network.definition, &netlink))
                mustLookAgain = true
            case .joinBridge(let member, _, _), .guardPort(let member, _), .bringPortUp(let member, _):
                try restorePort(of: member, difference.remedy, &netlink)
            default: try restoreBridge(network.definition, difference.remedy, &netlink)
            }
        }
        return mustLookAgain
    }

    /// - Returns: false when somebody was faster.
    private func makeBridge(
        _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> Bool {
        do throws(OperationError) {
            _ = try netlink.createBridge(try request(network, &netlink))
        } catch {
            guard error.errno == EEXIST else { throw error }
            return false
        }
        try BridgeSettings.apply(to: network.device)
        return true
    }

    private func request(
        _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> BridgeRequest {
        var mtu = network.mtu
        if mtu == nil { mtu = try netlink.defaultRouteMTU() }
        return BridgeRequest(
            name: network.device, mac: network.bridgeMAC, mtu: mtu, alias: network.alias, address: network.gateway)
    }

    private func restoreBridge(
        _ network: NetworkDefinition, _ remedy: BridgeDifference.Remedy, _ netlink: inout RouteSocket
    ) throws(OperationError) {
        switch remedy {
        case .addAddress(let index): try netlink.addAddress(network.gateway, index: index, name: network.device)
        case .bringUp(let index): try netlink.setUp(.index(index))
        case .applySettings: try BridgeSettings.apply(to: network.device)
        case .switchRoutingOn: try BridgeSettings.switchRoutingOn()
        default: return
        }
    }

    /// A bridge that was deleted has let go of its ports. What is guarded is up.
    private func restorePort(
        of member: NetworkMember, _ remedy: BridgeDifference.Remedy, _ netlink: inout RouteSocket
    ) throws(OperationError) {
        guard member.isRunning else { return }
        do throws(OperationError) {
            switch remedy {
            case .joinBridge(_, let link?, let bridge):
                try netlink.setMaster(.index(link), bridge: bridge)
                try netlink.guardPortAnew(member.endpoint.port(link))
            case .guardPort(_, let link): try netlink.guardPortAnew(member.endpoint.port(link))
            case .bringPortUp(_, let link): try netlink.setUp(.index(link))
            default: return
            }
        } catch {
            // The container has just ended.
            guard error.errno == ENODEV else { throw error }
        }
    }
}
