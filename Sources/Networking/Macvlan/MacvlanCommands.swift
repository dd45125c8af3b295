import Core
import Netlink

/// What makes networks and endpoints beside this host, as commands: of the same requests that are carried out.
extension MacvlanDriver {
    package func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        var netlink = try RouteSocket()
        try checkKernel(&netlink)
        var commands: [ShellCommand] = []
        for network in plan.networks {
            for command in try parentCommands(of: network, upon: plan.ground, &netlink)
            where !commands.contains(command) { commands.append(command) }
        }
        for member in plan.endpoints { commands += try commandsOf(member, &netlink) }
        return commands
    }

    /// None of a parent that is somebody else's: it is there before.
    private func parentCommands(
        of network: NetworkDefinition, upon ground: NetworkPlan.Ground, _ netlink: inout RouteSocket
    ) throws(OperationError) -> [ShellCommand] {
        let link = try netlink.link(.named(network.device))
        if ground == .nothing {
            return try link.map(network.ownsParent) ?? true ? makingParent(of: network, &netlink) : []
        }
        switch ParentState(of: link, for: network) {
        case .missing: return try makingParent(of: network, &netlink)
        case .unmarked: return [.mark(network.device, network.parentAlias)]
        case .down: return [.bringUp(network.device)]
        case .whole:
            if let link { try check(link, network, &netlink) }
            return []
        }
    }

    private func makingParent(
        of network: NetworkDefinition, _ netlink: inout RouteSocket
    ) throws(OperationError) -> [ShellCommand] {
        let request = try parentRequest(of: network, &netlink)
        return [
            request.command(on: network.lowerDevice), .bringUp(request.name), .mark(request.name, network.parentAlias),
        ]
    }

    private func commandsOf(
        _ member: NetworkPlan.Member, _ netlink: inout RouteSocket
    ) throws(OperationError) -> [ShellCommand] {
        let endpoint = member.endpoint
        var (mtu, mac) = (endpoint.mtu, endpoint.mac)
        if let parent = try netlink.link(.named(endpoint.bridge)) {
            mtu = min(mtu ?? parent.mtu, parent.mtu)
            // Whatever it is asked for, it has the parent's.
            if endpoint.mode == "passthru" { mac = parent.mac ?? mac }
        }
        // Numbers of links and namespaces are not in what is written.
        let link = SublinkRequest(
            name: endpoint.interface, parent: 0, kind: try kind(of: endpoint), mac: mac, mtu: mtu,
            namespace: .descriptor(-1))
        let mode = endpoint.mode ?? link.kind.usualMode
        let settings = endpoint.address6 == nil ? [] : InterfaceSettings.settings(of: endpoint.interface)
        let inside = endpoint.inside(nil, leading: member.leads)
        return [link.command(on: endpoint.bridge, mode: mode, in: member.namespace)]
            + settings.map { .set($0.key, to: $0.value).inside(member.namespace) }
            + inside.commands.map { $0.inside(member.namespace) }
    }
}

extension NetworkDefinition {
    /// The link that a VLAN is of.
    fileprivate var lowerDevice: String { String(device.prefix { $0 != "." }) }
}

extension ShellCommand {
    fileprivate static func mark(_ device: String, _ alias: String) -> ShellCommand {
        ShellCommand(["ip", "link", "set", "dev", device, "alias", alias])
    }
}

extension ParentRequest {
    /// - Parameter lower: the link that a VLAN is of.
    func command(on lower: String) -> ShellCommand {
        let names = ["name", name, "address", "\(mac)", "type", kind.name]
        switch kind {
        case .dummy: return ShellCommand(["ip", "link", "add"] + names)
        case .vlan(let number, _):
            return ShellCommand(["ip", "link", "add", "link", lower] + names + ["id", "\(number)"])
        }
    }
}

extension SublinkRequest {
    /// - Parameters:
    ///   - parent: the name of the link that it is on.
    ///   - namespace: what the one is called that it is born in.
    func command(on parent: String, mode: String, in namespace: String) -> ShellCommand {
        var words = ["ip", "link", "add", "link", parent, "name", name]
        if case .macvlan = kind { words += ["address", "\(mac)"] }
        if let mtu { words += ["mtu", "\(mtu)"] }
        return ShellCommand(words + ["netns", namespace, "type", kind.name, "mode", mode])
    }
}
