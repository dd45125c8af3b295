import Core
import Linux
import Netlink

/// What a packet meets at a bridge: rules of IP where bridges ask those, and rules of the family bridge, which know ports of bridges and
/// not links of this host.
extension PacketTracer {
    /// From one port of a bridge to another, and the answer back.
    mutating func cross(_ bridge: LinkInfo, from port: String, _ packet: inout TracedPacket) {
        let target = place(of: packet.destination)?.endpoint.hostInterface
        guard crosses(bridge, from: port, to: target, &packet) else { return }
        deliver(by: bridge, packet)
        guard way.arrives, let target else { return }
        var answer = packet.answer(to: packet.source)
        let before = (way.steps, way.end)
        conclude(crosses(bridge, from: target, to: port, &answer), before)
    }

    /// - Returns: whether it goes on.
    private mutating func crosses(
        _ bridge: LinkInfo, from port: String, to target: String?, _ packet: inout TracedPacket
    ) -> Bool {
        let places: [PacketHook.Place] = [.prerouting, .forward, .postrouting]
        guard pass(places, of: bridge.name, from: port, to: target, &packet) else { return false }
        (packet.input, packet.output) = (bridge.name, nil)
        guard BridgeNetfilter.isOn(family) else { return true }
        note(bridge.name, "\(BridgeNetfilter.setting(family)) is 1: rules are asked")
        guard pass(.prerouting, &packet) else { return false }
        packet.output = bridge.name
        guard pass(.forward, &packet) else { return false }
        return pass(.postrouting, &packet)
    }

    /// Comes from a container to this host by its port of a bridge.
    /// - Returns: whether it goes on; also where it is nobody's who is there.
    mutating func comeFrom(_ address: IPAddress, on bridge: String?, _ packet: inout TracedPacket) -> Bool {
        guard let endpoint = place(of: address)?.endpoint, endpoint.bridge == bridge else { return true }
        let port = endpoint.hostInterface
        return pass([.prerouting, .input], of: endpoint.bridge, from: port, to: nil, &packet)
    }

    /// Goes from this host to a container, likewise.
    mutating func goTo(_ address: IPAddress, on bridge: String?, _ packet: inout TracedPacket) -> Bool {
        guard let endpoint = place(of: address)?.endpoint, endpoint.bridge == bridge else { return true }
        let port = endpoint.hostInterface
        return pass([.output, .postrouting], of: endpoint.bridge, from: nil, to: port, &packet)
    }

    /// Asks the bridge's own rules. Where a packet comes in it is not known yet by which port it goes on, and where it goes out not any
    /// more by which one it came.
    private mutating func pass(
        _ places: [PacketHook.Place], of bridge: String, from input: String?, to output: String?,
        _ packet: inout TracedPacket
    ) -> Bool {
        doubtLegacyBridgeTables()
        guard asksBridges else { return true }
        for place in places {
            let isInward = place == .prerouting || place == .input
            let isOutward = place == .output || place == .postrouting
            var frame = packet.onBridge(bridge, from: isOutward ? nil : input, to: isInward ? nil : output)
            guard pass(place, &frame) else { return false }
            packet.mark = frame.mark
        }
        return true
    }

    /// By which port of a bridge of others something comes in, or goes out, nobody knows here.
    mutating func passPorts(of link: LinkInfo) {
        guard link.kind == "bridge" else { return }
        doubtLegacyBridgeTables()
        if asksBridges { doubt("rules of the family bridge at the ports of \(link.name) are not followed") }
    }

    private mutating func doubtLegacyBridgeTables() {
        for table in legacyBridgeTables { doubt("\(table): rules there are not followed") }
    }
}

/// Tables of the legacy ebtables, which bridges ask beside those of nftables. They are not read.
enum LegacyBridgeTables {
    /// Those that the kernel has, whoever uses them.
    /// - Parameter isLoaded: of a module.
    static func found(_ isLoaded: (String) -> Bool = { Files.exists("/sys/module/\($0)") }) -> [String] {
        ["filter", "nat", "broute"].filter { isLoaded("ebtable_\($0)") }.map { "ebtables-legacy \($0)" }
    }
}
