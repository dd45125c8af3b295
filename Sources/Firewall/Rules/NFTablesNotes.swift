import CIPTables
import Core
import Netlink

/// What a rule or an element carries, and what of it packets are told.
extension RawRule {
    /// What a rule carries: itself. Opaque when it is no such note.
    init(noted note: [UInt8]?) {
        self.init()
        guard let note, note.count == MemoryLayout<ciptables_rule>.size else { return }
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: note) }
    }

    var note: [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    /// The chain that it leads to.
    var jump: String? { value.target == UInt8(CIPTABLES_JUMP) ? RawRule.text(value.jump) : nil }
    /// Nil of all addresses.
    var sourceSubnet: Subnet? { isOpaque || value.source_prefix == 0 ? nil : source }
    func jumps(to chain: String) -> Bool { jump == chain }
}

extension PacketRule {
    /// Nil of an opaque one.
    init?(_ raw: RawRule, _ table: FirewallTable, _ chain: String) {
        guard let rule = raw.decoded(table, chain), let action = Action(rule.target) else { return nil }
        var tests: [Test] = []
        if let source = rule.source { tests.append(.source(source.value, isNegated: source.isNegated)) }
        if let destination = rule.destination {
            tests.append(.destination(destination.value, isNegated: destination.isNegated))
        }
        if let input = rule.input { tests.append(.input(input.value, isNegated: input.isNegated)) }
        if let output = rule.output { tests.append(.output(output.value, isNegated: output.isNegated)) }
        if rule.transport != nil || rule.isICMP { tests.append(.transport(raw.value.protocol)) }
        if let ports = rule.ports { tests.append(.destinationPorts(ports)) }
        if rule.isToLocalAddress { tests.append(.isToThisHost) }
        if let states = rule.states { tests.append(.of(states)) }
        self.init(tests, action, comment: rule.comment ?? "", note: raw.note)
    }
}

extension PacketRule.Test {
    /// No rule of ours asks for both at once.
    fileprivate static func of(_ states: FirewallRule.Match<FirewallRule.States>) -> PacketRule.Test {
        // IPS_SRC_NAT and IPS_DST_NAT.
        let status: UInt32 = (states.value.contains(.snat) ? 16 : 0) | (states.value.contains(.dnat) ? 32 : 0)
        if status != 0 { return .status(status, isNegated: states.isNegated) }
        // The first four bits are the same ones; the next is what is not tracked.
        let state = UInt32(states.value.rawValue & 0xf) | (states.value.contains(.untracked) ? 64 : 0)
        return .state(state, isNegated: states.isNegated)
    }
}

extension PacketRule.Action {
    fileprivate init?(_ target: FirewallRule.Target) {
        switch target {
        case .accept: self = .accept
        case .drop: self = .drop
        case .return: self = .goBack
        case .jump(let chain): self = .jump(chain)
        case .masquerade: self = .masquerade
        case .snat(let address): self = .translateSource(address)
        case .dnat(let address, let ports, let base):
            self = .translateDestination(address, Self.ports(ports, base))
        }
    }

    /// One port is written as it is; several of which each becomes another one are a map.
    private static func ports(_ ports: ClosedRange<UInt16>?, _ base: UInt16?) -> Ports {
        guard let ports else { return .kept }
        return base.map { .moved(from: $0, to: ports) } ?? .any(of: ports)
    }
}
