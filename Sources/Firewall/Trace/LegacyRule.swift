import Core
import Netlink

/// A rule of a legacy table in the kernel's form: struct ipt_entry with its matches and its target (<linux/netfilter_ipv4/ip_tables.h>).
struct LegacyRule: TraceableRule {
    private let entry: PacketBytes
    /// A verdict, a chain, or the name of a target.
    private let target: String

    init(_ entry: PacketBytes, target: String) {
        self.entry = entry
        self.target = target
    }

    /// Offsets in struct ipt_ip, and behind it in struct ipt_entry.
    private enum Offset {
        static let input = 16, output = 32, inputMask = 48, outputMask = 64
        static let transport = 80, flags = 82, inversion = 83
        static let target = 88, matches = 112
        /// struct xt_entry_match: size, name, revision, and then its data.
        static let name = 2, revision = 31, data = 32
    }

    func judge(_ packet: TracedPacket) -> JudgedRule {
        guard entry.bytes.count >= Offset.matches else { return JudgedRule("…", .unknown("its length"), .unknown("")) }
        var words: [String] = []
        var holds = Certainty.yes
        func note(_ part: (text: String, holds: Certainty)?) {
            guard let part else { return }
            words.append(part.text)
            holds = holds.and(part.holds)
        }
        note(address("-s", 0, packet.source, bit: 0x08))
        note(address("-d", 4, packet.destination, bit: 0x10))
        note(link("-i", Offset.input, Offset.inputMask, packet.input, bit: 0x01))
        note(link("-o", Offset.output, Offset.outputMask, packet.output, bit: 0x02))
        note(transport(packet))
        for match in matches { note(match.judge(packet)) }
        let (text, action) = judgeTarget(packet)
        return JudgedRule((words + [text]).joined(separator: " "), holds, action)
    }

    private func isInverted(_ bit: UInt8) -> Bool { (entry.uint8(Offset.inversion) ?? 0) & bit != 0 }
    private func sign(_ bit: UInt8) -> String { isInverted(bit) ? "! " : "" }

    private func address(
        _ option: String, _ offset: Int, _ own: IPAddress, bit: UInt8
    ) -> (text: String, holds: Certainty)? {
        guard let wanted = entry.address(offset)?.ipv4, let mask = entry.address(offset + 8)?.ipv4 else { return nil }
        if mask == 0, !isInverted(bit) { return nil }
        let isMet = own.ipv4.map { $0 & mask == wanted } ?? false
        let length = mask.nonzeroBitCount
        return ("\(sign(bit))\(option) \(IPAddress(ipv4: wanted))/\(length)", Certainty(isMet).negated(isInverted(bit)))
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
        guard let number = entry.uint16(Offset.transport), number != 0 else { return nil }
        let name = [1: "icmp", 6: "tcp", 17: "udp"][number] ?? "\(number)"
        return ("\(sign(0x40))-p \(name)", Certainty(number == UInt16(packet.transport)).negated(isInverted(0x40)))
    }

    private var matches: [XTablesMatch] {
        var found: [XTablesMatch] = []
        var offset = Offset.matches
        let end = Int(entry.uint16(Offset.target) ?? 0)
        while offset < end, let size = entry.uint16(offset).map(Int.init), size >= Offset.data,
            offset + size <= entry.bytes.count
        {
            found.append(
                XTablesMatch(
                    entry.text(offset + Offset.name..<offset + Offset.revision),
                    revision: Int(entry.uint8(offset + Offset.revision) ?? 0),
                    PacketBytes(entry.bytes[offset + Offset.data..<offset + size])))
            offset += size
        }
        return found
    }

    private func judgeTarget(_ packet: TracedPacket) -> (text: String, action: TracedAction) {
        let offset = Int(entry.uint16(Offset.target) ?? 0)
        let name = entry.text(offset + Offset.name..<offset + Offset.revision)
        guard name.isEmpty || name == "ERROR" else {
            let info = entry.bytes.dropFirst(offset + Offset.data)
            return XTablesTarget(
                name, revision: Int(entry.uint8(offset + Offset.revision) ?? 0), PacketBytes(info)
            ).judge(packet)
        }
        // What follows is struct ipt_ip's flag of a jump that does not come back.
        let isGoTo = (entry.uint8(Offset.flags) ?? 0) & 0x02 != 0
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
