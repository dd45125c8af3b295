import Core

/// Matches of xtables, as the legacy tables have them and iptables-nft too (<linux/netfilter/xt_*.h>): whether they hold, and
/// what iptables(8) says of them.
extension XTablesExtension {
    package func judgeMatch(_ packet: TracedPacket) -> (text: String, holds: Certainty) {
        let known =
            switch name {
            case "comment": ("-m comment --comment \"\(info.text(0..<info.bytes.count))\"", Certainty.yes)
            case "tcp": ports(packet, invertedAt: 11, flagsAt: 9)
            case "udp": ports(packet, invertedAt: 8, flagsAt: nil)
            case "multiport" where revision == 1: severalPorts(packet)
            case "conntrack" where revision >= 2: connection(packet)
            case "state": info.uint32(0).map { states($0, false, packet, .state) }
            case "addrtype" where revision == 1: addressType(packet)
            case "mark" where revision == 1: mark(packet.mark)
            case "connmark" where revision == 1: connectionMark(packet)
            default: nil as (String, Certainty)?
            }
        return known ?? ("-m \(name) …", .unknown("-m \(name)"))
    }

    /// struct xt_tcp and struct xt_udp begin with ranges of ports in host byte order.
    private func ports(
        _ packet: TracedPacket, invertedAt: Int, flagsAt: Int?
    ) -> (text: String, holds: Certainty)? {
        guard let first = info.uint16(0), let last = info.uint16(2), let from = info.uint16(4), let to = info.uint16(6),
            let inverted = info.uint8(invertedAt), first <= last, from <= to
        else { return nil }
        var words: [String] = []
        var holds = Certainty.yes
        for (option, range, port, bit) in [
            ("--sport", first...last, packet.sourcePort, UInt8(1)), ("--dport", from...to, packet.destinationPort, 2),
        ] where range != 0...UInt16.max || inverted & bit != 0 {
            words.append((inverted & bit != 0 ? "! " : "") + "\(option) \(Self.text(range))")
            holds = holds.and(Self.contains(range, port, option).negated(inverted & bit != 0))
        }
        if let flagsAt, let mask = info.uint8(flagsAt), let wanted = info.uint8(flagsAt + 1), mask != 0 {
            words.append("--tcp-flags …")
            // The first packet of a connection has SYN and nothing else.
            let isFirst = Certainty(0x02 & mask == wanted).negated(inverted & 4 != 0)
            holds = holds.and(packet.isReply ? .unknown("TCP flags") : isFirst)
        }
        return (words.isEmpty ? "-m \(name)" : "-m \(name) " + words.joined(separator: " "), holds)
    }

    private static func text(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound):\(range.upperBound)"
    }

    private static func contains(_ range: ClosedRange<UInt16>, _ port: UInt16?, _ what: String) -> Certainty {
        port.map { Certainty(range.contains($0)) } ?? .unknown(what)
    }

    /// struct xt_multiport_v1: flags, count, 15 ports, 15 marks of where a range begins, invert.
    private func severalPorts(_ packet: TracedPacket) -> (text: String, holds: Certainty)? {
        guard let flags = info.uint8(0), let count = info.uint8(1), count <= 15, flags <= 1,
            let inverted = info.uint8(47)
        else { return nil }
        var ranges: [ClosedRange<UInt16>] = []
        var index = 0
        while index < Int(count) {
            guard let port = info.uint16(2 + 2 * index), let begins = info.uint8(32 + index) else { return nil }
            let last = begins == 0 ? port : info.uint16(4 + 2 * index) ?? port
            guard port <= last else { return nil }
            ranges.append(port...last)
            index += begins == 0 ? 1 : 2
        }
        let option = flags == 0 ? "--sports" : "--dports"
        let port = flags == 0 ? packet.sourcePort : packet.destinationPort
        let holds = port.map { port in Certainty(ranges.contains { $0.contains(port) }) } ?? .unknown(option)
        let sign = inverted == 0 ? "" : "! "
        return (
            "-m multiport \(sign)\(option) \(ranges.map(Self.text).joined(separator: ","))",
            holds.negated(inverted != 0)
        )
    }

    /// struct xt_conntrack_mtinfo2 and 3: what is compared, what is turned round, and the states.
    private func connection(_ packet: TracedPacket) -> (text: String, holds: Certainty)? {
        guard let compared = info.uint16(146), let inverted = info.uint16(148), let mask = info.uint16(150),
            compared == 1
        else { return nil }
        return states(UInt32(mask), inverted & 1 != 0, packet, .conntrack)
    }

    private func states(
        _ mask: UInt32, _ isInverted: Bool, _ packet: TracedPacket, _ form: StateForm
    ) -> (text: String, holds: Certainty) {
        let names: [(UInt32, String)] = [
            (1, "INVALID"), (8, "NEW"), (4, "RELATED"), (2, "ESTABLISHED"), (form.untracked, "UNTRACKED"),
            (form.newSource, "SNAT"), (form.newDestination, "DNAT"),
        ]
        let text = names.filter { mask & $0.0 != 0 }.map(\.1).joined(separator: ",")
        let holds = packet.stateBit(untracked: form.untracked).map { state in
            let own =
                state | (packet.hasNewSource ? form.newSource : 0)
                | (packet.hasNewDestination ? form.newDestination : 0)
            return Certainty(own & mask != 0).negated(isInverted)
        }
        return ("\(form.module) \(isInverted ? "! " : "")\(form.option) \(text)", holds ?? .unknown(form.option))
    }

    /// struct xt_addrtype_info_v1.
    private func addressType(_ packet: TracedPacket) -> (text: String, holds: Certainty)? {
        guard let source = info.uint16(0), let destination = info.uint16(2), let flags = info.uint32(4), flags & 12 == 0
        else { return nil }
        var words: [String] = []
        var holds = Certainty.yes
        for (option, mask, address, bit) in [
            ("--src-type", source, packet.source, UInt32(1)), ("--dst-type", destination, packet.destination, 2),
        ] where mask != 0 {
            let type = packet.addressTypes[address]
            let isMeant = type.map { Certainty(mask & (1 << $0) != 0) } ?? .unknown(option)
            words.append((flags & bit != 0 ? "! " : "") + "\(option) \(mask == 4 ? "LOCAL" : "\(mask)")")
            holds = holds.and(isMeant.negated(flags & bit != 0))
        }
        return ("-m addrtype " + words.joined(separator: " "), holds)
    }

    /// struct xt_mark_mtinfo1, and xt_connmark_mtinfo1, which is the same. Packets have the mark 0 unless somebody gives them one.
    private func mark(_ own: UInt32?) -> (text: String, holds: Certainty)? {
        guard let mark = info.uint32(0), let mask = info.uint32(4), let inverted = info.uint8(8) else { return nil }
        let text = "-m \(name) \(inverted == 0 ? "" : "! ")--mark \(XTablesMark.text(mark, mask))"
        guard let own else { return (text, .unknown("-m \(name)")) }
        return (text, Certainty(own & mask == mark).negated(inverted != 0))
    }

    /// A connection that is not tracked has none, not even another one.
    private func connectionMark(_ packet: TracedPacket) -> (text: String, holds: Certainty)? {
        guard let judged = mark(packet.connectionMark) else { return nil }
        guard let isTracked = packet.isTracked else { return (judged.text, .unknown("-m connmark")) }
        return isTracked ? judged : (judged.text, .no)
    }
}

/// How a match has states: all have the same bits for those of connections (NF_CT_STATE_BIT), and what is behind them for themselves.
private struct StateForm {
    let module: String
    let option: String
    let untracked: UInt32
    /// 0 where it does not ask for that.
    let newSource: UInt32
    let newDestination: UInt32

    /// <linux/netfilter/xt_state.h>.
    static let state = StateForm(module: "-m state", option: "--state", untracked: 64, newSource: 0, newDestination: 0)
    /// <linux/netfilter/xt_conntrack.h>.
    static let conntrack = StateForm(
        module: "-m conntrack", option: "--ctstate", untracked: 256, newSource: 64, newDestination: 128)
}

enum XTablesMark {
    /// As iptables(8) writes it.
    static func text(_ mark: UInt32, _ mask: UInt32) -> String {
        "0x\(String(mark, radix: 16))" + (mask == .max ? "" : "/0x\(String(mask, radix: 16))")
    }
}
