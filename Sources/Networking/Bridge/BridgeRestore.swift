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
        let published = members.filter { ids.contains($0.endpoint.networkID) && $0.endpoint.publishes }
        if !restored.isEmpty {
            let refused = establishRules(of: restored, published, isStale)
            for failure in refused { failures.append((nil, failure)) }
            for member in published { StaleFlows.forget(to: member.endpoint) }
            // Whoever makes a network is told when that was to no avail (`obstacles`).
            for chain in DockerUserChain.all { try? chain.admit(restored) }
            try? FirewalldZone.admit(restored)
        }
        return failures
    }

    /// In each firewall that has networks of these, whatever becomes of the others.
    func establishRules(
        of networks: [NetworkDefinition], _ published: [NetworkMember], _ isStale: (_ shortID: String) -> Bool
    ) -> [OperationError] {
        var failures: [OperationError] = []
        for (firewall, networks) in firewalls.groups(of: networks) {
            let ids = Set(networks.map(\.id))
            let members = published.filter { ids.contains($0.endpoint.networkID) }
            let wanted = FirewallIntent(networks, [])
            do throws(OperationError) {
                try establish(firewall, isStale) { () throws(OperationError) in
                    // Judged while the firewall cannot change: who ends from now on takes its rules away after this.
                    var intent = wanted
                    intent.publish(members.filter(\.isRunning), of: networks)
                    return intent
                }
            } catch {
                failures.append(error)
            }
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
        var failure: OperationError?
        do throws(OperationError) {
            if !owners.isEmpty || withFrame { try firewalls.clear(owners, withFrame: withFrame) }
        } catch {
            failure = error
        }
        var netlink = try RouteSocket()
        for difference in differences {
            switch difference.remedy {
            case .removeLink(let name): try netlink.deleteLink(.named(name))
            case .takeOffBridge(let name): try netlink.setMaster(.named(name), bridge: nil)
            case .dismiss(let device): for chain in DockerUserChain.all { try chain.dismiss(device) }
            default: continue
            }
        }
        if let failure { throw failure }
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
        let observed = try observeDevices(of: network, &netlink)
        var mustLookAgain = false
        for difference in WantedBridges(networks: [network], owners: nil).differences(from: observed) {
            let isHalfDone = try putRight(difference.remedy, network, &netlink)
            mustLookAgain = mustLookAgain || isHalfDone
        }
        return mustLookAgain
    }

    /// - Returns: whether more may be missing than could be seen.
    private func putRight(
        _ remedy: BridgeDifference.Remedy, _ network: WantedBridges.Network, _ netlink: inout RouteSocket
    ) throws(OperationError) -> Bool {
        let definition = network.definition
        switch remedy {
        case .makeBridge:
            let isOwn = try makeBridge(definition, &netlink)
            return !isOwn || !network.members.isEmpty || definition.gateway6 != nil
        case .refuse: throw foreign(definition)
        case .finishBridge(let index):
            try netlink.finishBridge(index, try request(definition, &netlink))
            return true
        case .addAddress(let gateway, let index):
            do throws(OperationError) {
                try netlink.addAddress(gateway, index: index, name: definition.device)
            } catch {
                // Somebody else, or the kernel, was faster.
                guard error.errno == EEXIST else { throw error }
            }
        case .bringUp(let index): try netlink.setUp(.index(index))
        case .giveMAC(let index): try netlink.setMAC(.index(index), definition.bridgeMAC)
        case .applySettings: try BridgeSettings.apply(to: definition.device, families: definition.settledFamilies)
        case .switchRoutingOn(let family): try HostRouting.switchOn(family)
        case .switchForwardingOn(let family):
            try Sysctl.set(HostRouting.setting(family, of: definition.device), to: "1")
        case .joinBridge, .guardPort, .bringPortUp: try netlink.putLinkRight(remedy)
        case .establishRules, .removeLink, .takeOffBridge, .removeRules, .removeFrame, .dismiss: break
        }
        return false
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
        try BridgeSettings.apply(to: network.device, families: network.settledFamilies)
        return true
    }

    func request(
        _ network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> BridgeRequest {
        var mtu = network.mtu
        if mtu == nil { mtu = try netlink.defaultRouteMTU() }
        return BridgeRequest(
            name: network.device, mac: network.bridgeMAC, mtu: mtu, alias: network.alias,
            address: network.options.hasHostAddress ? network.gateway : nil)
    }
}
