import Core
import Netlink

/// A rule of a legacy table in the kernel's form: struct ipt_entry or ip6t_entry with its matches and its target
/// (<linux/netfilter_ipv4/ip_tables.h>, <linux/netfilter_ipv6/ip6_tables.h>).
struct LegacyRule: TraceableRule {
    private let entry: PacketBytes
    private let family: AddressFamily
    /// A verdict, a chain, or the name of a target.
    private let target: String

    init(_ entry: PacketBytes, _ family: AddressFamily, target: String) {
        self.entry = entry
        self.family = family
        self.target = target
        place = family == .ipv4 ? .ofIPv4 : .ofIPv6
    }

    private let place: Places

    /// Offsets in struct ipt_ip or ip6t_ip6, and behind it in the entry. Two addresses come first, then their masks.
    private struct Places {
        let input: Int, output: Int, inputMask: Int, outputMask: Int
        let transport: Int, flags: Int, inversion: Int
        let target: Int, matches: Int
        /// The flag of a jump that does not come back.
        let goTo: UInt8

        static let ofIPv4 = Places(
            input: 16, output: 32, inputMask: 48, outputMask: 64, transport: 80, flags: 82, inversion: 83, target: 88,
            matches: 112, goTo: 0x02)
        static let ofIPv6 = Places(
            input: 64, output: 80, inputMask: 96, outputMask: 112, transport: 128, flags: 131, inversion: 132,
            target: 140, matches: 168, goTo: 0x04)
    }

    func judge(_ packet: TracedPacket) -> JudgedRule {
        guard entry.bytes.count >= place.matches else { return JudgedRule("…", .unknown("its length"), .unknown("")) }
        var words: [String] = []
        var holds = Certainty.yes
        func note(_ part: (text: String, holds: Certainty)?) {
            guard let part else { return }
            words.append(part.text)
            holds = holds.and(part.holds)
        }
        note(address("-s", 0, packet.source, bit: 0x08))
        note(address("-d", 1, packet.destination, bit: 0x10))
        note(link("-i", place.input, place.inputMask, packet.input, bit: 0x01))
        note(link("-o", place.output, place.outputMask, packet.output, bit: 0x02))
        note(transport(packet))
        for match in matches { note(match.judgeMatch(packet)) }
        let (text, action, effects) = judgeTarget(packet)
        return JudgedRule((words + [text]).joined(separator: " "), holds, action, effects.happening(holds))
    }

    private func isInverted(_ bit: UInt8) -> Bool { (entry.uint8(place.inversion) ?? 0) & bit != 0 }
    private func sign(_ bit: UInt8) -> String { isInverted(bit) ? "! " : "" }

    /// - Parameter index: 0 is the source, 1 the destination.
    private func address(
        _ option: String, _ index: Int, _ own: IPAddress, bit: UInt8
    ) -> (text: String, holds: Certainty)? {
        let size = family.bits / 8
        guard let wanted = entry.address(index * size, family), let mask = entry.address((index + 2) * size, family)
        else { return nil }
        if mask.number == 0, !isInverted(bit) { return nil }
        let isMet = own.family == family && own.number & mask.number == wanted.number
        let length = mask.number.nonzeroBitCount
        let isPrefix = Subnet(mask, length).network.address == mask
        return (
            "\(sign(bit))\(option) \(wanted)/\(isPrefix ? "\(length)" : "\(mask)")",
            Certainty(isMet).negated(isInverted(bit))
        )
    }

    private func link(
        _ option: String, _ offset: Int, _ maskOffset: Int, _ own: String?, bit: UInt8
    ) -> (text: String, holds: Certainty)? {
        let name = entry.text(offset..<offset + 16)
        if name.isEmpty { return nil }
        let mask = entry.bytes[maskOffset..<maskOffset + 16].prefix { $0 != 0 }
        // Without its zero byte more may follow.
        let isPrefix = mask.count <= name.utf8.count
        let isMet = isPrefix ? (own ?? "").utf8.starts(with: name.utf8.prefix(mask.count)) : own == name
        return ("\(sign(bit))\(option) \(name)\(isPrefix ? "+" : "")", Certainty(isMet).negated(isInverted(bit)))
    }

    private func transport(_ packet: TracedPacket) -> (text: String, holds: Certainty)? {
        guard let number = entry.uint16(place.transport), number != 0 else { return nil }
        let name = UInt8(exactly: number).map(TracedPacket.name) ?? "\(number)"
        return ("\(sign(0x40))-p \(name)", Certainty(number == UInt16(packet.transport)).negated(isInverted(0x40)))
    }

    private var matches: [XTablesExtension] {
        var found: [XTablesExtension] = []
        var offset = place.matches
        let end = Int(entry.uint16(place.target) ?? 0)
        while offset < end, let size = entry.uint16(offset).map(Int.init), size >= XTablesExtension.headerSize,
            offset + size <= entry.bytes.count
        {
            found.append(XTablesExtension(PacketBytes(entry.bytes[offset..<offset + size])))
            offset += size
        }
        return found
    }

    private func judgeTarget(_ packet: TracedPacket) -> (text: String, action: TracedAction, [TracedEffect]) {
        let found = XTablesExtension(PacketBytes(entry.bytes.dropFirst(Int(entry.uint16(place.target) ?? 0))))
        guard found.name.isEmpty || found.name == "ERROR" else {
            let (text, action) = found.judgeTarget(packet)
            return (text, action, found.effects(on: packet))
        }
        let (text, action) = verdict
        return (text, action, [])
    }

    private var verdict: (text: String, action: TracedAction) {
        let isGoTo = (entry.uint8(place.flags) ?? 0) & place.goTo != 0
        switch target {
        case "": return ("", .goesOn)
        case "ACCEPT": return ("-j ACCEPT", .accept)
        case "DROP": return ("-j DROP", .drop)
        case "RETURN": return ("-j RETURN", .goBack)
        case "QUEUE": return ("-j QUEUE", .unknown("-j QUEUE"))
        default: return isGoTo ? ("-g \(target)", .goTo(target)) : ("-j \(target)", .jump(target))
        }
    }
}
