import CIPTables
import Core

/// A rule in the shim's form: compared as bytes, so that a table of hundreds of rules is looked through
/// without making strings of them.
struct RawRule {
    var value: ciptables_rule
    /// Whether it stands where it should not, so that it is no rule that anybody wants.
    var isOutOfPlace = false

    init(_ value: ciptables_rule = ciptables_rule()) { self.value = value }

    var isOpaque: Bool { value.target == UInt8(CIPTABLES_OPAQUE) }
    func has(_ flag: Int) -> Bool { value.flags & UInt16(flag) != 0 }
}

extension RawRule: Hashable {
    static func == (left: RawRule, right: RawRule) -> Bool {
        left.isOutOfPlace == right.isOutOfPlace
            && withUnsafePointer(to: left.value) { left in
                withUnsafePointer(to: right.value) { ciptables_same(left, $0) != 0 }
            }
    }

    /// By what tells an owner's rules of one chain apart.
    func hash(into hasher: inout Hasher) {
        hasher.combine(value.protocol)
        hasher.combine(value.port_first)
        hasher.combine(value.destination_prefix)
    }
}

extension RawRule {
    /// What every rule of `owner` has.
    init(keyOf owner: FirewallOwner) {
        self.init()
        switch owner {
        case .endpoint: _ = RawRule.copy(owner.comment, to: &value.comment)
        case .network(let bridge): _ = RawRule.copy(bridge, to: &value.output)
        }
    }

    func isOwned(by key: RawRule) -> Bool {
        withUnsafePointer(to: value) { rule in
            withUnsafePointer(to: key.value) { ciptables_owned(rule, $0) != 0 }
        }
    }

    /// Whether one packet could be for both: two DNAT rules for the same protocol, port and host address.
    func publishesTheSame(as other: RawRule) -> Bool {
        let dnat = UInt8(CIPTABLES_DNAT)
        return value.target == dnat && other.value.target == dnat && value.protocol == other.value.protocol
            && ports.overlaps(other.ports)
            && (has(CIPTABLES_NOT_DESTINATION) || other.has(CIPTABLES_NOT_DESTINATION)
                || destination.overlaps(other.destination))
    }

    private var ports: ClosedRange<UInt16> {
        has(CIPTABLES_PORTS) ? value.port_first...max(value.port_first, value.port_last) : 0...65535
    }
}

// MARK: Encoding

extension RawRule {
    /// - Throws: when a name or comment is too long for the kernel, or an address is of another family than the table.
    init(_ rule: FirewallRule) throws(OperationError) {
        self.init()
        guard rule.isOfOneFamily else {
            throw OperationError("encode firewall rule", rule.description, reason: "addresses of two families")
        }
        value.ipv6 = rule.table.family == .ipv6 ? 1 : 0
        encodeAddresses(rule)
        encodeMatches(rule)
        encodeTarget(rule.target)
        let fits =
            RawRule.copy(rule.input?.value, to: &value.input) && RawRule.copy(rule.output?.value, to: &value.output)
            && RawRule.copy(rule.comment, to: &value.comment)
        guard fits, encodeJump(rule.target) else {
            throw OperationError("encode firewall rule", rule.description, reason: "a name in it is too long")
        }
    }

    private mutating func set(_ flag: Int, if condition: Bool = true) {
        if condition { value.flags |= UInt16(flag) }
    }

    private mutating func encodeAddresses(_ rule: FirewallRule) {
        RawRule.put(rule.source?.value.first, into: &value.source)
        value.source_prefix = UInt8(rule.source?.value.prefixLength ?? 0)
        RawRule.put(rule.destination?.value.first, into: &value.destination)
        value.destination_prefix = UInt8(rule.destination?.value.prefixLength ?? 0)
        set(CIPTABLES_NOT_SOURCE, if: rule.source?.isNegated ?? false)
        set(CIPTABLES_NOT_DESTINATION, if: rule.destination?.isNegated ?? false)
    }

    private mutating func encodeMatches(_ rule: FirewallRule) {
        set(CIPTABLES_NOT_INPUT, if: rule.input?.isNegated ?? false)
        set(CIPTABLES_NOT_OUTPUT, if: rule.output?.isNegated ?? false)
        value.protocol = rule.protocolNumber
        if let ports = rule.ports {
            set(CIPTABLES_PORTS)
            (value.port_first, value.port_last) = (ports.lowerBound, ports.upperBound)
        }
        set(CIPTABLES_LOCAL, if: rule.isToLocalAddress)
        value.states = rule.states?.value.rawValue ?? 0
        set(CIPTABLES_NOT_STATES, if: rule.states?.isNegated ?? false)
    }

    private static func put<Field>(_ address: IPAddress?, into field: inout Field) {
        guard let address else { return }
        withUnsafeMutableBytes(of: &field) { $0.copyBytes(from: address.bytes) }
    }

    private mutating func encodeTarget(_ target: FirewallRule.Target) {
        value.target = target.number
        switch target {
        case .snat(let address): RawRule.put(address, into: &value.to_address)
        case .dnat(let address, let ports, let base):
            RawRule.put(address, into: &value.to_address)
            guard let ports else { return }
            set(CIPTABLES_TO_PORTS)
            (value.to_first, value.to_last) = (ports.lowerBound, ports.upperBound)
            guard let base else { return }
            set(CIPTABLES_TO_BASE)
            value.to_base = base
        case .accept, .drop, .return, .jump, .masquerade: return
        }
    }

    private mutating func encodeJump(_ target: FirewallRule.Target) -> Bool {
        guard case .jump(let chain) = target else { return true }
        return RawRule.copy(chain, to: &value.jump)
    }

    /// With a NUL behind it; false when there is no room for that.
    private static func copy<Field>(_ text: String?, to field: inout Field) -> Bool {
        withUnsafeMutableBytes(of: &field) { bytes in
            let text = (text ?? "").utf8
            guard text.count < bytes.count, !text.contains(0) else { return false }
            bytes.copyBytes(from: text)
            return true
        }
    }
}

// MARK: Decoding

extension RawRule {
    /// Nil when the rule is opaque.
    func decoded(_ table: FirewallTable, _ chain: String) -> FirewallRule? {
        guard let target = decodedTarget else { return nil }
        let input = RawRule.text(value.input)
        let output = RawRule.text(value.output)
        let comment = RawRule.text(value.comment)
        return FirewallRule(
            table, chain,
            source: match(source, not: CIPTABLES_NOT_SOURCE),
            destination: match(destination, not: CIPTABLES_NOT_DESTINATION),
            input: input.isEmpty ? nil : .init(value: input, isNegated: has(CIPTABLES_NOT_INPUT)),
            output: output.isEmpty ? nil : .init(value: output, isNegated: has(CIPTABLES_NOT_OUTPUT)),
            transport: TransportProtocol.allCases.first { $0.number == value.protocol },
            ports: has(CIPTABLES_PORTS) ? value.port_first...max(value.port_first, value.port_last) : nil,
            isICMP: value.protocol == FirewallRule.icmp(family), isToLocalAddress: has(CIPTABLES_LOCAL),
            states: decodedStates,
            comment: comment.isEmpty ? nil : comment, target: target)
    }

    private var family: AddressFamily { value.ipv6 == 0 ? .ipv4 : .ipv6 }
    var source: Subnet { Subnet(address(value.source), Int(value.source_prefix)) }
    private var destination: Subnet { Subnet(address(value.destination), Int(value.destination_prefix)) }

    private func address<Field>(_ field: Field) -> IPAddress {
        let number = withUnsafeBytes(of: field) { bytes in
            bytes.prefix(family.bits / 8).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        }
        return family == .ipv4 ? IPAddress(ipv4: UInt32(number)) : IPAddress(ipv6: number)
    }

    private func match(_ subnet: Subnet, not flag: Int) -> FirewallRule.Match<Subnet>? {
        if subnet.prefixLength == 0, !has(flag) { return nil }
        return .init(value: subnet, isNegated: has(flag))
    }

    private var decodedStates: FirewallRule.Match<FirewallRule.States>? {
        if value.states == 0 { return nil }
        return .init(value: FirewallRule.States(rawValue: value.states), isNegated: has(CIPTABLES_NOT_STATES))
    }

    private var decodedTarget: FirewallRule.Target? {
        let address = address(value.to_address)
        switch Int(value.target) {
        case CIPTABLES_ACCEPT: return .accept
        case CIPTABLES_DROP: return .drop
        case CIPTABLES_RETURN: return .return
        case CIPTABLES_JUMP: return .jump(RawRule.text(value.jump))
        case CIPTABLES_MASQUERADE: return .masquerade
        case CIPTABLES_SNAT: return .snat(to: address)
        case CIPTABLES_DNAT:
            let ports = has(CIPTABLES_TO_PORTS) ? value.to_first...max(value.to_first, value.to_last) : nil
            return .dnat(to: address, ports: ports, base: has(CIPTABLES_TO_BASE) ? value.to_base : nil)
        default: return nil
        }
    }

    static func text<Field>(_ field: Field) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension FirewallRule.Target {
    fileprivate var number: UInt8 {
        let number =
            switch self {
            case .accept: CIPTABLES_ACCEPT
            case .drop: CIPTABLES_DROP
            case .return: CIPTABLES_RETURN
            case .jump: CIPTABLES_JUMP
            case .masquerade: CIPTABLES_MASQUERADE
            case .snat: CIPTABLES_SNAT
            case .dnat: CIPTABLES_DNAT
            }
        return UInt8(number)
    }
}
