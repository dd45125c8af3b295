import CNetlink
import Core
import Glibc

/// A rule that translates addresses of IPv4, as iptables-nft writes what it is told: so exactly this is said, and nothing else.
package struct TranslationRule: Equatable, Sendable {
    package enum Target: Equatable, Sendable {
        case masquerade
        /// - ports: nil keeps the port.
        case destination(IPAddress, ports: ClosedRange<UInt16>?)
    }

    package struct Output: Equatable, Sendable {
        package let name: String
        package let isNegated: Bool
    }

    package fileprivate(set) var source: Subnet?
    package fileprivate(set) var output: Output?
    /// Of IP.
    package fileprivate(set) var transport: UInt8?
    package fileprivate(set) var destinationPorts: ClosedRange<UInt16>?
    package fileprivate(set) var target: Target

    /// Nil of a rule that asks or does anything else, be it one thing more.
    init?(_ expressions: [NFTablesExpression]) {
        var reading = TranslationReading()
        for expression in expressions {
            guard reading.take(expression) else { return nil }
        }
        guard let rule = reading.rule else { return nil }
        self = rule
    }

    fileprivate init(_ target: Target) { self.target = target }
}

/// What was read of a rule up to one of its expressions.
private struct TranslationReading {
    private enum Field: Equatable {
        case output, transport, destinationPort
        /// The first bytes of the address.
        case source(length: Int)
    }

    private var tests = TranslationRule(.masquerade)
    private var target: TranslationRule.Target?
    /// What the register holds that is compared next, and which bits of it.
    private var field: Field?
    private var mask: [UInt8]?
    /// Values, by register: what is translated to.
    private var values: [UInt32: [UInt8]] = [:]

    /// Nil before there is a target.
    var rule: TranslationRule? {
        guard let target else { return nil }
        var rule = tests
        rule.target = target
        return rule
    }

    /// - Returns: whether the rule is understood that far.
    mutating func take(_ expression: NFTablesExpression) -> Bool {
        // Behind its target a rule does nothing.
        if target != nil { return false }
        switch expression.name {
        case "counter": return true
        case "meta": return load(Self.metaField(expression))
        case "payload": return load(Self.payloadField(expression))
        case "bitwise": return narrow(expression)
        case "cmp": return compare(expression)
        case "range": return compareRange(expression)
        case "match": return match(expression)
        case "immediate": return keep(expression)
        default: return end(expression)
        }
    }

    // MARK: Tests

    private mutating func load(_ field: Field?) -> Bool {
        (self.field, mask) = (field, nil)
        return field != nil
    }

    private static func metaField(_ expression: NFTablesExpression) -> Field? {
        switch expression.number(NFTA_META_KEY.rawValue) {
        case NFT_META_OIFNAME.rawValue: .output
        case NFT_META_L4PROTO.rawValue: .transport
        default: nil
        }
    }

    private static func payloadField(_ expression: NFTablesExpression) -> Field? {
        let base = expression.number(NFTA_PAYLOAD_BASE.rawValue)
        let offset = expression.number(NFTA_PAYLOAD_OFFSET.rawValue)
        let length = expression.number(NFTA_PAYLOAD_LEN.rawValue)
        switch (base, offset, length) {
        case (NFT_PAYLOAD_NETWORK_HEADER.rawValue, 9, 1): return .transport
        case (NFT_PAYLOAD_NETWORK_HEADER.rawValue, 12, 1...4): return .source(length: Int(length))
        case (NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, 2, 2): return .destinationPort
        default: return nil
        }
    }

    private mutating func narrow(_ expression: NFTablesExpression) -> Bool {
        guard case .source = field, let flipped = expression.data(NFTA_BITWISE_XOR.rawValue),
            flipped.allSatisfy({ $0 == 0 })
        else { return false }
        mask = expression.data(NFTA_BITWISE_MASK.rawValue)
        return mask != nil
    }

    private mutating func compare(_ expression: NFTablesExpression) -> Bool {
        guard let field, let data = expression.data(NFTA_CMP_DATA.rawValue) else { return false }
        let relation = expression.number(NFTA_CMP_OP.rawValue)
        let isEqual = relation == NFT_CMP_EQ.rawValue
        guard isEqual || (field == .output && relation == NFT_CMP_NEQ.rawValue) else { return false }
        self.field = nil
        switch field {
        case .output: return setOutput(data, isNegated: !isEqual)
        case .source(let length): return setSource(data, length)
        case .transport: return set(transport: data.first)
        case .destinationPort: return set(ports: PacketBytes(data).port(0), PacketBytes(data).port(0))
        }
    }

    private mutating func compareRange(_ expression: NFTablesExpression) -> Bool {
        guard field == .destinationPort, expression.number(NFTA_RANGE_OP.rawValue) == NFT_RANGE_EQ.rawValue,
            let first = expression.data(NFTA_RANGE_FROM_DATA.rawValue),
            let last = expression.data(NFTA_RANGE_TO_DATA.rawValue)
        else { return false }
        field = nil
        return set(ports: PacketBytes(first).port(0), PacketBytes(last).port(0))
    }

    /// Of a name without its zero byte more may follow.
    private mutating func setOutput(_ name: [UInt8], isNegated: Bool) -> Bool {
        guard tests.output == nil, name.last == 0 else { return false }
        tests.output = .init(name: PacketBytes(name).text(0..<name.count), isNegated: isNegated)
        return true
    }

    private mutating func setSource(_ data: [UInt8], _ length: Int) -> Bool {
        guard tests.source == nil, data.count == length else { return false }
        let bits = mask?.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard mask == nil || length == 4,
            let address = PacketBytes(data + [0, 0, 0].prefix(4 - length)).address(0, .ipv4)
        else { return false }
        let prefix = bits.map { (~$0).leadingZeroBitCount } ?? 8 * length
        guard bits.map({ $0.nonzeroBitCount == prefix }) ?? true else { return false }
        tests.source = Subnet(address, prefix)
        return true
    }

    private mutating func set(transport: UInt8?) -> Bool {
        guard let transport, tests.transport == nil || tests.transport == transport else { return false }
        tests.transport = transport
        return true
    }

    private mutating func set(ports first: UInt16?, _ last: UInt16?) -> Bool {
        guard let first, let last, first <= last, tests.destinationPorts == nil else { return false }
        tests.destinationPorts = first...last
        return true
    }

    /// `-m tcp` or `-m udp` as a match of xtables, which asks for destination ports alone.
    private mutating func match(_ expression: NFTablesExpression) -> Bool {
        let info = PacketBytes(expression.bytes(NFTA_MATCH_INFO.rawValue) ?? [])
        let name = expression.text(NFTA_MATCH_NAME.rawValue)
        // struct xt_tcp and struct xt_udp (<linux/netfilter/xt_tcpudp.h>).
        guard ["tcp", "udp"].contains(name), expression.number(NFTA_MATCH_REV.rawValue) == 0,
            info.uint16(0) == 0, info.uint16(2) == .max, info.uint8(name == "tcp" ? 11 : 8) == 0,
            name == "udp" || (info.uint8(8) == 0 && info.uint8(9) == 0),
            set(transport: UInt8(name == "tcp" ? IPPROTO_TCP : IPPROTO_UDP))
        else { return false }
        return set(ports: info.uint16(4), info.uint16(6))
    }

    // MARK: The target

    private mutating func keep(_ expression: NFTablesExpression) -> Bool {
        guard let value = expression.data(NFTA_IMMEDIATE_DATA.rawValue) else { return false }
        values[expression.number(NFTA_IMMEDIATE_DREG.rawValue)] = value
        return true
    }

    private mutating func end(_ expression: NFTablesExpression) -> Bool {
        switch expression.name {
        case "masq":
            let attributes = [NFTA_MASQ_FLAGS, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX]
            if attributes.allSatisfy({ expression.bytes($0.rawValue) == nil }) { target = .masquerade }
        case "nat": target = translation(expression)
        case "target": target = Self.target(expression)
        default: return false
        }
        return target != nil
    }

    /// One address and one port, or a range of ports.
    private func translation(_ expression: NFTablesExpression) -> TranslationRule.Target? {
        func value(_ type: some BinaryInteger) -> PacketBytes? {
            expression.bytes(type) == nil ? nil : values[expression.number(type)].map { PacketBytes($0) }
        }
        // NF_NAT_RANGE_MAP_IPS and NF_NAT_RANGE_PROTO_SPECIFIED.
        guard expression.number(NFTA_NAT_TYPE.rawValue) == NFT_NAT_DNAT.rawValue,
            expression.number(NFTA_NAT_FLAGS.rawValue) & ~3 == 0,
            let address = value(NFTA_NAT_REG_ADDR_MIN.rawValue)?.address(0, .ipv4),
            value(NFTA_NAT_REG_ADDR_MAX.rawValue).map({ $0.address(0, .ipv4) == address }) ?? true
        else { return nil }
        guard let first = value(NFTA_NAT_REG_PROTO_MIN.rawValue)?.port(0) else {
            return .destination(address, ports: nil)
        }
        let last = value(NFTA_NAT_REG_PROTO_MAX.rawValue).map { $0.port(0) } ?? first
        return last.flatMap { first <= $0 ? .destination(address, ports: first...$0) : nil }
    }

    /// A target of xtables: struct nf_nat_ipv4_multi_range_compat, of DNAT since revision 2 struct nf_nat_range2
    /// (<linux/netfilter/nf_nat.h>).
    private static func target(_ expression: NFTablesExpression) -> TranslationRule.Target? {
        let info = PacketBytes(expression.bytes(NFTA_TARGET_INFO.rawValue) ?? [])
        let revision = expression.number(NFTA_TARGET_REV.rawValue)
        switch (expression.text(NFTA_TARGET_NAME.rawValue), revision) {
        case ("MASQUERADE", 0): return info.uint32(4) == 0 ? .masquerade : nil
        case ("DNAT", 0): return destination(info, flags: 4, addresses: (8, 12), ports: (16, 18))
        case ("DNAT", 2): return destination(info, flags: 0, addresses: (4, 20), ports: (36, 38))
        default: return nil
        }
    }

    /// Numbers are offsets.
    private static func destination(
        _ info: PacketBytes, flags: Int, addresses: (Int, Int), ports: (Int, Int)
    ) -> TranslationRule.Target? {
        guard let flags = info.uint32(flags), flags & ~3 == 0, flags & 1 != 0,
            let address = info.address(addresses.0, .ipv4), info.address(addresses.1, .ipv4) == address,
            let first = info.port(ports.0), let last = info.port(ports.1), first <= last
        else { return nil }
        return .destination(address, ports: flags & 2 != 0 ? first...last : nil)
    }
}
