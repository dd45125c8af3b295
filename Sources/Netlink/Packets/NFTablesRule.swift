import CNetlink
import Core
import Glibc

/// A rule of nftables of anybody's, carried out on what is known of a packet: expressions load registers, and compare them.
struct NFTablesRule: TraceableRule {
    let expressions: [NFTablesExpression]
    let comment: String?
    /// Those of its table, by name.
    let sets: [String: NFTablesSet]

    func judge(_ packet: TracedPacket) -> JudgedRule {
        var run = NFTablesRun(packet, sets)
        for expression in expressions {
            run.perform(expression)
            if run.holds == .no { break }
        }
        let text = run.words + ((comment ?? run.comment).map { ["comment \"\($0)\""] } ?? [])
        return JudgedRule(text.joined(separator: " "), run.holds, run.action, run.effects)
    }
}

struct NFTablesRun {
    private(set) var packet: TracedPacket
    private let sets: [String: NFTablesSet]
    private var registers: [UInt32: NFTablesValue] = [:]
    private(set) var words: [String] = []
    private(set) var holds = Certainty.yes
    private(set) var action = TracedAction.goesOn
    private(set) var effects: [TracedEffect] = []
    /// Of the element that was found for the packet.
    private(set) var comment: String?

    init(_ packet: TracedPacket, _ sets: [String: NFTablesSet]) { (self.packet, self.sets) = (packet, sets) }

    mutating func perform(_ expression: NFTablesExpression) {
        switch expression.name {
        case "payload": load(expression, NFTA_PAYLOAD_DREG.rawValue, payload(expression))
        case "meta": useMeta(expression)
        case "ct": useConnection(expression)
        case "fib": load(expression, NFTA_FIB_DREG.rawValue, addressType(expression))
        case "bitwise": mask(expression)
        case "byteorder": turn(expression)
        case "cmp": compare(expression)
        case "range": compareRange(expression)
        case "lookup": lookUp(expression)
        case "immediate": set(expression)
        case "match": match(expression)
        case "target": target(expression)
        case "counter", "log", "last": words.append(expression.name)
        case "notrack":
            words.append(expression.name)
            happen([.untracks(isSure: true)])
        case "reject": decide(.reject, "reject")
        case "masq": decide(.translateSource(nil), "masquerade")
        case "nat": translate(expression)
        case "redir": redirect(expression)
        case "queue", "tproxy", "synproxy", "fwd", "dup": decide(.unknown(expression.name), expression.name)
        default:
            // It may have written into any of them.
            registers = [:]
            doubt(expression.name)
        }
    }

    // MARK: Loading

    private mutating func useMeta(_ expression: NFTablesExpression) {
        let key = expression.number(NFTA_META_KEY.rawValue)
        load(expression, NFTA_META_DREG.rawValue, meta(key))
        if key == NFT_META_MARK.rawValue, expression.bytes(NFTA_META_SREG.rawValue) != nil {
            happen([.marks(number(expression, NFTA_META_SREG.rawValue))])
        }
    }

    private mutating func useConnection(_ expression: NFTablesExpression) {
        let key = expression.number(NFTA_CT_KEY.rawValue)
        load(expression, NFTA_CT_DREG.rawValue, connection(key))
        if key == NFT_CT_MARK.rawValue, expression.bytes(NFTA_CT_SREG.rawValue) != nil {
            happen([.marksConnection(number(expression, NFTA_CT_SREG.rawValue))])
        }
        // Only its state can be asked for of what is not tracked: any other question ends the rule (NFT_BREAK).
        let isAsked = expression.bytes(NFTA_CT_DREG.rawValue) != nil
        if isAsked, key != NFT_CT_STATE.rawValue, packet.isTracked == false { holds = .no }
    }

    /// What is in the register that an expression reads, where that is known.
    private func number(_ expression: NFTablesExpression, _ source: UInt32) -> UInt32? {
        value(expression, source)?.bytes.flatMap { PacketBytes($0).uint32(0) }
    }

    private mutating func happen(_ effects: [TracedEffect]) {
        let happening = effects.happening(holds)
        for effect in happening { packet.take(effect, canBeUntracked: false) }
        self.effects += happening
    }

    /// One without a destination writes.
    private mutating func load(_ expression: NFTablesExpression, _ destination: UInt32, _ value: NFTablesValue) {
        guard expression.bytes(destination) != nil else { return words.append("\(value.name) set …") }
        registers[register(expression.number(destination))] = value
    }

    /// Registers of 16 bytes, and the same in parts of 4, by one number (nft_parse_register).
    private func register(_ number: UInt32) -> UInt32 {
        number <= NFT_REG_4.rawValue ? number * 4 : number - NFT_REG32_00.rawValue + 4
    }

    private mutating func mask(_ expression: NFTablesExpression) {
        let destination = register(expression.number(NFTA_BITWISE_DREG.rawValue))
        guard var value = value(expression, NFTA_BITWISE_SREG.rawValue),
            let mask = expression.data(NFTA_BITWISE_MASK.rawValue),
            let flip = expression.data(NFTA_BITWISE_XOR.rawValue), flip.count == mask.count
        else {
            registers[destination] = NFTablesValue(bytes: nil, name: "bitwise", form: .other)
            return
        }
        value.bytes = value.bytes.map { zip($0, zip(mask, flip)).map { $0 & $1.0 ^ $1.1 } }
        value.mask = mask
        registers[destination] = value
    }

    /// From the host's byte order into that of networks, or back, which is the same.
    private mutating func turn(_ expression: NFTablesExpression) {
        let size = Int(expression.number(NFTA_BYTEORDER_SIZE.rawValue))
        let destination = register(expression.number(NFTA_BYTEORDER_DREG.rawValue))
        guard let value = value(expression, NFTA_BYTEORDER_SREG.rawValue), size > 0 else {
            registers[destination] = NFTablesValue(bytes: nil, name: "byteorder", form: .other)
            return
        }
        let bytes = value.bytes.map { bytes in
            stride(from: 0, to: bytes.count, by: size).flatMap { start -> [UInt8] in
                let part = bytes[start..<min(start + size, bytes.count)]
                return UInt16(1).littleEndian == 1 ? part.reversed() : Array(part)
            }
        }
        registers[destination] = NFTablesValue(bytes: bytes, name: value.name, form: .other)
    }

    // MARK: Deciding

    private mutating func note(_ text: String, _ certainty: Certainty) {
        // Ports stand behind the transport, as one test.
        if text.hasPrefix("th "), let last = words.last, last.hasPrefix("meta l4proto ") {
            words[words.count - 1] = String(last.dropFirst("meta l4proto ".count) + text.dropFirst(2))
        } else {
            words.append(text)
        }
        holds = holds.and(certainty)
    }
    private mutating func doubt(_ what: String) { note("\(what) …", .unknown(what)) }

    private mutating func decide(_ action: TracedAction, _ text: String) {
        words.append(text)
        self.action = action
    }

    private func value(_ expression: NFTablesExpression, _ source: UInt32) -> NFTablesValue? {
        registers[register(expression.number(source))]
    }

    private mutating func compare(_ expression: NFTablesExpression) {
        guard let value = value(expression, NFTA_CMP_SREG.rawValue), let data = expression.data(NFTA_CMP_DATA.rawValue)
        else { return doubt("cmp") }
        let relation = expression.number(NFTA_CMP_OP.rawValue)
        let text = value.text(relation, data)
        guard let bytes = value.bytes, bytes.count >= data.count else { return note(text, .unknown(value.name)) }
        let own = Array(bytes.prefix(data.count))
        let isLess = own.lexicographicallyPrecedes(data)
        let isMore = data.lexicographicallyPrecedes(own)
        let fits =
            switch relation {
            case NFT_CMP_EQ.rawValue: own == data
            case NFT_CMP_NEQ.rawValue: own != data
            case NFT_CMP_LT.rawValue: isLess
            case NFT_CMP_LTE.rawValue: !isMore
            case NFT_CMP_GT.rawValue: isMore
            default: !isLess
            }
        note(text, Certainty(fits))
    }

    private mutating func compareRange(_ expression: NFTablesExpression) {
        guard let value = value(expression, NFTA_RANGE_SREG.rawValue),
            let first = expression.data(NFTA_RANGE_FROM_DATA.rawValue),
            let last = expression.data(NFTA_RANGE_TO_DATA.rawValue)
        else { return doubt("range") }
        let isInverted = expression.number(NFTA_RANGE_OP.rawValue) == NFT_RANGE_NEQ.rawValue
        let text = "\(value.name) \(isInverted ? "!= " : "")\(value.text(first))-\(value.text(last))"
        guard let bytes = value.bytes else { return note(text, .unknown(value.name)) }
        let isInside = !bytes.lexicographicallyPrecedes(first) && !last.lexicographicallyPrecedes(bytes)
        note(text, Certainty(isInside).negated(isInverted))
    }

    private mutating func lookUp(_ expression: NFTablesExpression) {
        let name = expression.text(NFTA_LOOKUP_SET.rawValue)
        guard let set = sets[name] else { return note("@\(name)", .unknown("set \(name)")) }
        let isInverted = expression.number(NFTA_LOOKUP_FLAGS.rawValue) & NFT_LOOKUP_F_INV.rawValue != 0
        let isMap = expression.bytes(NFTA_LOOKUP_DREG.rawValue) != nil
        let key = key(at: register(expression.number(NFTA_LOOKUP_SREG.rawValue)), set.keyLength)
        switch set.search(key.bytes) {
        case .unknown: note("@\(name)", .unknown("set \(name)"))
        case .none: note("\(key.name)\(isInverted ? "!= " : "")@\(name)", Certainty(isInverted))
        case .element(let found):
            let relation = isMap ? (found.verdict == nil ? "map " : "vmap ") : isInverted ? "!= " : ""
            note("\(key.name)\(relation)@\(name)", Certainty(!isInverted))
            if isMap { take(found, of: name, into: register(expression.number(NFTA_LOOKUP_DREG.rawValue))) }
        }
    }

    /// What stands in registers from one on. Parts of a key fill whole ones of four bytes; behind a part that nobody knows nothing is known.
    private func key(at register: UInt32, _ length: Int) -> (bytes: [UInt8?], name: String) {
        var bytes: [UInt8?] = []
        var names: [String] = []
        while bytes.count < length, let value = registers[register + UInt32(bytes.count / 4)] {
            names.append(value.name)
            guard let part = value.bytes, !part.isEmpty else { break }
            bytes += part + [UInt8](repeating: 0, count: (4 - part.count % 4) % 4)
        }
        let missing = [UInt8?](repeating: nil, count: max(0, length - bytes.count))
        return (Array((bytes + missing).prefix(length)), names.map { $0 + " " }.joined(separator: ". "))
    }

    private mutating func take(_ found: NFTablesSet.Element, of set: String, into register: UInt32) {
        comment = found.comment
        if let verdict = found.verdict { return decide(verdict, verdict.text) }
        // Of several parts each is read by itself.
        let data = found.data ?? []
        for place in stride(from: 0, to: max(data.count, 1), by: 4) {
            registers[register + UInt32(place / 4)] = NFTablesValue(
                bytes: found.data.map { Array($0.dropFirst(place)) }, name: "@\(set)", form: .other)
        }
    }

    private mutating func set(_ expression: NFTablesExpression) {
        if let verdict = expression.verdict { return decide(verdict, verdict.text) }
        registers[register(expression.number(NFTA_IMMEDIATE_DREG.rawValue))] = NFTablesValue(
            bytes: expression.data(NFTA_IMMEDIATE_DATA.rawValue), name: "value", form: .other)
    }

    private mutating func match(_ expression: NFTablesExpression) {
        let match = XTablesExtension(
            expression.text(NFTA_MATCH_NAME.rawValue), revision: Int(expression.number(NFTA_MATCH_REV.rawValue)),
            PacketBytes(expression.bytes(NFTA_MATCH_INFO.rawValue) ?? []))
        let (text, certainty) = match.judgeMatch(packet)
        note(text, certainty)
    }

    private mutating func target(_ expression: NFTablesExpression) {
        let target = XTablesExtension(
            expression.text(NFTA_TARGET_NAME.rawValue), revision: Int(expression.number(NFTA_TARGET_REV.rawValue)),
            PacketBytes(expression.bytes(NFTA_TARGET_INFO.rawValue) ?? []))
        let (text, action) = target.judgeTarget(packet)
        decide(action, text)
        happen(target.effects(on: packet))
    }

    private mutating func redirect(_ expression: NFTablesExpression) {
        guard let here = packet.redirection else { return decide(.unknown("redirect"), "redirect") }
        let type = NFTA_REDIR_REG_PROTO_MIN.rawValue
        if expression.bytes(type) == nil { return decide(.translateDestination(here, port: nil), "redirect") }
        guard let port = value(expression, type)?.bytes.flatMap({ PacketBytes($0).port(0) }) else {
            return decide(.unknown("redirect"), "redirect to …")
        }
        decide(.translateDestination(here, port: port), "redirect to :\(port)")
    }

    private mutating func translate(_ expression: NFTablesExpression) {
        func loaded(_ type: UInt32) -> [UInt8]? {
            expression.bytes(type) == nil ? nil : registers[register(expression.number(type))]?.bytes
        }
        let address = loaded(NFTA_NAT_REG_ADDR_MIN.rawValue).flatMap { PacketBytes($0).address(0, packet.family) }
        let port = loaded(NFTA_NAT_REG_PROTO_MIN.rawValue).flatMap { PacketBytes($0).port(0) }
        let to = "to " + (address.map { "\($0)" } ?? "") + (port.map { ":\($0)" } ?? "")
        if expression.number(NFTA_NAT_TYPE.rawValue) == NFT_NAT_SNAT.rawValue {
            decide(.translateSource(address), "snat \(to)")
        } else {
            decide(.translateDestination(address, port: port), "dnat \(to)")
        }
    }
}
