import CNetlink
import Core
import Glibc

/// Offsets are of an Ethernet frame with IPv6 and no VLAN tag (RFC 8200, RFC 4443).
private enum Offset {
    static let payloadLength: UInt32 = 18
    static let nextHeader: UInt32 = 20
    static let source: UInt32 = 22
    static let payload: UInt32 = 54
    /// Of neighbour discovery: the address that it is about, and the first option (RFC 4861 4.3, 4.4).
    static let target: UInt32 = 62
    static let option: UInt32 = 78
}

/// Types of ICMPv6.
private enum MessageType {
    static let membershipQuery: UInt32 = 130
    static let routerAdvertisement: UInt32 = 134
    static let neighbourSolicitation: UInt32 = 135
    static let neighbourAdvertisement: UInt32 = 136
    static let redirect: UInt32 = 137
    /// That somebody listens to a group, or does no longer (RFC 2710, RFC 3810).
    static let membershipReports: [UInt32] = [131, 132, 143]
}

extension FrameFilter {
    /// IPv6 from the container's own addresses: the network's, and that of the link, which follows from the MAC.
    ///
    /// Of neighbour discovery only what says the container's own addresses passes, and nothing that only a router says. Whatever
    /// extension header could stand before such a message is dropped (RFC 7113), but for the one of reports about groups.
    /// A message in fragments is nobody's to believe (RFC 6980; ndisc_rcv).
    mutating func requireOwnSource(_ address: IPAddress, _ mac: MACAddress) {
        require(.length, atLeast: Offset.payload + 4)
        requireEither(address, mac.linkLocalAddress, at: Offset.source)
        load(.byte(Offset.nextHeader))
        let toMessage = jump(BPF_JEQ, UInt32(IPPROTO_ICMPV6))
        let toOptions = jump(BPF_JEQ, UInt32(IPPROTO_HOPOPTS))
        for header in [IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_AH, IPPROTO_MH] { refuse(UInt32(header)) }
        finish(TC_ACT_OK)
        land(toOptions)
        requireMembershipReport()
        land(toMessage)
        requireOwnMessage(address, mac)
    }

    /// Behind eight bytes of hop-by-hop options.
    private mutating func requireMembershipReport() {
        require(.length, atLeast: Offset.payload + 12)
        require(.half(Offset.payload), UInt32(IPPROTO_ICMPV6) << 8)
        load(.byte(Offset.payload + 8))
        let others = MessageType.membershipReports.dropLast().map { jump(BPF_JEQ, $0) }
        require(MessageType.membershipReports[MessageType.membershipReports.count - 1])
        for other in others { land(other) }
        finish(TC_ACT_OK)
    }

    private mutating func requireOwnMessage(_ address: IPAddress, _ mac: MACAddress) {
        load(.byte(Offset.payload))
        let toSolicitation = jump(BPF_JEQ, MessageType.neighbourSolicitation)
        let toAdvertisement = jump(BPF_JEQ, MessageType.neighbourAdvertisement)
        for type in [MessageType.membershipQuery, MessageType.routerAdvertisement, MessageType.redirect] {
            refuse(type)
        }
        finish(TC_ACT_OK)
        land(toSolicitation)
        requireOwnOption(1, mac)
        land(toAdvertisement)
        require(.length, atLeast: Offset.option)
        requireEither(address, mac.linkLocalAddress, at: Offset.target)
        requireOwnOption(2, mac)
    }

    /// No option at all, or one: the link's address.
    private mutating func requireOwnOption(_ type: UInt32, _ mac: MACAddress) {
        require(.length, atLeast: Offset.option)
        load(.half(Offset.payloadLength))
        let toEnd = jump(BPF_JEQ, 24)
        require(32)
        require(.length, atLeast: Offset.option + 8)
        require(.half(Offset.option), type << 8 | 1)
        require(.word(Offset.option + 2), mac.high)
        require(.half(Offset.option + 6), mac.low)
        land(toEnd)
        finish(TC_ACT_OK)
    }

    private mutating func requireEither(_ first: IPAddress, _ second: IPAddress, at offset: UInt32) {
        var others: [Int] = []
        for (place, word) in first.words.enumerated() {
            load(.word(offset + 4 * UInt32(place)))
            others.append(jump(BPF_JEQ, word))
        }
        let toEnd = jump()
        for other in others { landOtherwise(other) }
        for (place, word) in second.words.enumerated() { require(.word(offset + 4 * UInt32(place)), word) }
        landAlways(toEnd)
    }
}

extension IPAddress {
    /// As classic BPF loads them.
    fileprivate var words: [UInt32] {
        stride(from: family.bits - 32, through: 0, by: -32).map { UInt32(truncatingIfNeeded: number >> UInt128($0)) }
    }
}
