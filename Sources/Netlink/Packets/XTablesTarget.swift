import Core

/// Targets of xtables that are no verdicts.
extension XTablesExtension {
    package func judgeTarget(_ packet: TracedPacket) -> (text: String, action: TracedAction) {
        switch name {
        case "REJECT": ("-j REJECT", .reject)
        case "MARK": ("-j MARK" + (setMark.map { " --set-xmark \(XTablesMark.text($0.mark, $0.mask))" } ?? ""), .goesOn)
        case "CT" where isNotTracked: ("-j CT --notrack", .goesOn)
        case "LOG", "NFLOG", "CONNMARK", "TCPMSS", "CT", "NOTRACK", "CHECKSUM", "TRACE", "CLASSIFY", "DSCP", "TOS",
            "AUDIT":
            ("-j \(name)", .goesOn)
        case "DNAT": destination(packet)
        case "SNAT": source(packet)
        case "MASQUERADE": ("-j MASQUERADE", .translateSource(nil))
        case "REDIRECT": redirection(packet)
        default: ("-j \(name)", .unknown("-j \(name)"))
        }
    }

    /// What it does to a packet that the rule is for.
    package func effects(on packet: TracedPacket) -> [TracedEffect] {
        switch name {
        case "MARK": [.marks(newMark(of: packet))]
        // Which of the two marks it changes is not looked at.
        case "CONNMARK": [.marks(nil), .marksConnection(nil)]
        case "NOTRACK": [.untracks(isSure: true)]
        case "CT" where isNotTracked: [.untracks(isSure: true)]
        default: []
        }
    }

    /// XT_CT_NOTRACK of struct xt_ct_target_info, whatever its revision.
    private var isNotTracked: Bool { (info.uint16(0) ?? 0) & 1 != 0 }

    /// struct xt_mark_tginfo2.
    private var setMark: (mark: UInt32, mask: UInt32)? {
        guard revision == 2, let mark = info.uint32(0), let mask = info.uint32(4) else { return nil }
        return (mark, mask)
    }

    private func newMark(of packet: TracedPacket) -> UInt32? {
        guard let setMark else { return nil }
        if setMark.mask == .max { return setMark.mark }
        return packet.mark.map { $0 & ~setMark.mask ^ setMark.mark }
    }

    /// struct nf_nat_range2 since revision 2, of which IPv6 has had the beginning since revision 1, before that struct
    /// nf_nat_ipv4_multi_range_compat; in all of them flags tell whether there is an address (1) and ports (2).
    private func isRange(_ packet: TracedPacket) -> Bool { revision >= 2 || packet.family == .ipv6 }

    private func destination(_ packet: TracedPacket) -> (text: String, action: TracedAction) {
        let isNew = isRange(packet)
        guard let flags = info.uint32(isNew ? 0 : 4), let address = info.address(isNew ? 4 : 8, packet.family),
            let port = info.port(isNew ? 36 : 16)
        else { return ("-j DNAT", .unknown("-j DNAT")) }
        let to = flags & 1 != 0 ? address : nil
        let written = packet.family == .ipv4 ? "\(address)" : "[\(address)]"
        // A range that is moved (NF_NAT_RANGE_PROTO_OFFSET) counts from another port.
        if flags & 32 != 0, let last = info.port(38), let base = info.port(40) {
            let moved = packet.destinationPort.map { port &+ ($0 &- base) }
            return (
                "-j DNAT --to-destination \(written):\(port)-\(last)/\(base)", .translateDestination(to, port: moved)
            )
        }
        let hasPort = flags & 2 != 0
        return (
            "-j DNAT --to-destination " + (hasPort ? "\(written):\(port)" : "\(address)"),
            .translateDestination(to, port: hasPort ? port : nil)
        )
    }

    private func redirection(_ packet: TracedPacket) -> (text: String, action: TracedAction) {
        let isNew = isRange(packet)
        guard let flags = info.uint32(isNew ? 0 : 4), let port = info.port(isNew ? 36 : 16),
            let here = packet.redirection
        else { return ("-j REDIRECT", .unknown("-j REDIRECT")) }
        let hasPort = flags & 2 != 0
        return (
            "-j REDIRECT" + (hasPort ? " --to-ports \(port)" : ""),
            .translateDestination(here, port: hasPort ? port : nil)
        )
    }

    private func source(_ packet: TracedPacket) -> (text: String, action: TracedAction) {
        guard let address = info.address(isRange(packet) ? 4 : 8, packet.family) else {
            return ("-j SNAT", .unknown("-j SNAT"))
        }
        return ("-j SNAT --to-source \(address)", .translateSource(address))
    }
}
