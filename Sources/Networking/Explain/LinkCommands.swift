import Core
import Netlink

/// Requests about links as commands of iproute2: ip(8), bridge(8), tc(8).
extension BridgeRequest {
    var commands: [ShellCommand] {
        var commands = [ShellCommand(["ip", "link", "add", "name", name, "address", "\(mac)", "type", "bridge"])]
        // A bridge that was created with its MTU would change that with its ports.
        if let mtu { commands.append(ShellCommand(["ip", "link", "set", "dev", name, "mtu", "\(mtu)"])) }
        if let alias { commands.append(ShellCommand(["ip", "link", "set", "dev", name, "alias", alias])) }
        if let address { commands.append(address.command(addingTo: name)) }
        return commands
    }
}

extension Subnet {
    func command(addingTo device: String) -> ShellCommand {
        // Of IPv6 nobody is asked whether he has it, which takes more than a second.
        let announcement = broadcast.map { ["broadcast", "\($0)"] } ?? []
        let ending = family == .ipv6 ? ["nodad"] : []
        return ShellCommand(["ip", "address", "add", "\(self)"] + announcement + ["dev", device] + ending)
    }
}

extension ShellCommand {
    static func bringUp(_ device: String) -> ShellCommand { ShellCommand(["ip", "link", "set", "dev", device, "up"]) }

    /// - Parameter key: a path below /proc/sys.
    /// - Parameter isRequired: else it is no failure where the kernel has no such setting.
    static func set(_ key: String, to value: String, isRequired: Bool = true) -> ShellCommand {
        ShellCommand(["sysctl"] + (isRequired ? [] : ["-e"]) + ["-w", "\(key)=\(value)"])
    }

    /// In a network namespace that ip-netns(8) has a name for.
    package func inside(_ namespace: String) -> ShellCommand {
        if words.first == "ip" { return ShellCommand(["ip", "-n", namespace] + words.dropFirst()) }
        return ShellCommand(["ip", "netns", "exec", namespace] + words)
    }
}

extension VethRequest {
    /// - Parameters:
    ///   - bridge: the name of the one that it is on.
    ///   - namespace: what the peer's is called.
    func command(on bridge: String, in namespace: String) -> ShellCommand {
        let end = (mtu.map { ["mtu", "\($0)"] } ?? []) + ["numtxqueues", "1", "numrxqueues", "1"]
        let own = mac.map { ["address", "\($0)"] } ?? []
        return ShellCommand(
            ["ip", "link", "add", "name", name] + own + end + [
                "master", bridge, "type", "veth", "peer", "name", peerName,
            ]
                + ["address", "\(peerMAC)"] + end + ["netns", namespace])
    }
}

extension PortRequest {
    var commands: [ShellCommand] {
        let settings = ShellCommand(
            ["ip", "link", "set", "dev", name, "type", "bridge_slave", "hairpin", hairpin ? "on" : "off"]
                + ["learning", "off"])
        let entry = ShellCommand([
            "bridge", "fdb", "replace", "\(source.mac)", "dev", name, "master", "static", "sticky",
        ])
        let queue = ShellCommand(["tc", "qdisc", "add", "dev", name, "ingress"])
        let filter = ShellCommand(
            ["tc", "filter", "add", "dev", name, "ingress", "protocol", "all", "prio", "1", "handle", "1"]
                + ["bpf", "direct-action", "bytecode", filterText])
        let ownAddress = ShellCommand(["ip", "link", "set", "dev", name, "addrgenmode", "none"])
        return (hostHasIPv6 ? [ownAddress] : []) + [settings, entry, queue, filter, .bringUp(name)]
    }
}

extension ContainerNetworkRequest {
    /// Inside.
    var commands: [ShellCommand] {
        let addresses = addresses.map { $0.command(addingTo: interface) }
        let further = others.map {
            ShellCommand(["ip", "address", "add", "\($0)/16", "broadcast", "+", "dev", interface, "scope", "link"])
        }
        return [.bringUp("lo")] + addresses + further + [.bringUp(interface)] + gateways.flatMap(routes)
    }

    private func routes(by gateway: IPAddress) -> [ShellCommand] {
        let family = gateway.family == .ipv4 ? [] : ["-6"]
        if routesByLink {
            return [ShellCommand(["ip"] + family + ["route", "add", "default", "dev", interface, "scope", "link"])]
        }
        let route = ShellCommand(["ip", "route", "add", "default", "via", "\(gateway)", "dev", interface])
        guard let gatewayMAC else { return [route] }
        return [
            route,
            ShellCommand(
                [
                    "ip", "neighbour", "replace", "\(gateway)", "lladdr", "\(gatewayMAC)", "dev", interface, "nud",
                    "permanent",
                ]),
        ]
    }
}
