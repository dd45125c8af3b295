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
    static let echoes: [UInt32] = [128, 129]
    /// That somebody listens to a group, or does no longer (RFC 2710, RFC 3810).
    static let membershipReports: [UInt32] = [131, 132, 143]
}

extension FrameFilter {
    /// IPv6 from the container's own addresses: the network's, and that of the link, which follows from the MAC.
    ///
    /// Of neighbour discovery only what says the container's own addresses passes, and nothing that only a router says. Whatever
    /// extension header could stand before such a message is dropped (RFC 7113), but for the one of reports about groups.
    /// Fragments are made whole by connection tracking before anybody looks at them, so that one is such a header, too.
    ///
    /// To one peer alone, where there is one: what is meant for all on the link is not sent, but for the question where
    /// that peer is, and for reports about groups, which the bridge itself needs.
    mutating func requireOwnSource(_ address: IPAddress, _ mac: MACAddress, onlyPeer peer: OwnSource.Peer?) {
        require(.length, atLeast: Offset.payload + 4)
        requireEither(address, mac.linkLocalAddress, at: Offset.source)
        load(.byte(Offset.nextHeader))
        let toMessage = jump(BPF_JEQ, UInt32(IPPROTO_ICMPV6))
        let toOptions = jump(BPF_JEQ, UInt32(IPPROTO_HOPOPTS))
        let toFragment = jump(BPF_JEQ, UInt32(IPPROTO_FRAGMENT))
        for header in [IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_AH, IPPROTO_MH] { refuse(UInt32(header)) }
        accept(onlyTo: peer)
        land(toFragment)
        requireHarmlessFragment(onlyPeer: peer)
        land(toOptions)
        requireMembershipReport()
        land(toMessage)
        requireOwnMessage(address, mac, onlyPeer: peer)
    }

    private mutating func accept(onlyTo peer: OwnSource.Peer?) {
        if let peer { require(peer.mac, at: 0) }
        finish(TC_ACT_OK)
    }

    /// Of messages echoes alone are sent in parts. The first part says what the whole is (ip6_frag_queue); the others say so, too,
    /// and are of no use without it.
    private mutating func requireHarmlessFragment(onlyPeer peer: OwnSource.Peer?) {
        require(.length, atLeast: Offset.payload + 9)
        load(.byte(Offset.payload))
        let toMessage = jump(BPF_JEQ, UInt32(IPPROTO_ICMPV6))
        for header in [IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_DSTOPTS, IPPROTO_AH, IPPROTO_MH] {
            refuse(UInt32(header))
        }
        accept(onlyTo: peer)
        land(toMessage)
        load(.half(Offset.payload + 2))
        and(0xfff8)
        let toFirst = jump(BPF_JEQ, 0)
        accept(onlyTo: peer)
        land(toFirst)
        require(.byte(Offset.payload + 8), oneOf: MessageType.echoes)
        accept(onlyTo: peer)
    }

    /// Behind eight bytes of hop-by-hop options.
    private mutating func requireMembershipReport() {
        require(.length, atLeast: Offset.payload + 12)
        require(.half(Offset.payload), UInt32(IPPROTO_ICMPV6) << 8)
        require(.byte(Offset.payload + 8), oneOf: MessageType.membershipReports)
        finish(TC_ACT_OK)
    }

    private mutating func requireOwnMessage(
        _ address: IPAddress, _ mac: MACAddress, onlyPeer peer: OwnSource.Peer?
    ) {
        load(.byte(Offset.payload))
        let toSolicitation = jump(BPF_JEQ, MessageType.neighbourSolicitation)
        let toAdvertisement = jump(BPF_JEQ, MessageType.neighbourAdvertisement)
        for type in [MessageType.membershipQuery, MessageType.routerAdvertisement, MessageType.redirect] {
            refuse(type)
        }
        if let peer { require(peer.mac, at: 0) }
        finish(TC_ACT_OK)
        land(toSolicitation)
        require(.length, atLeast: Offset.option)
        if let peer { requireQuestion(to: peer) }
        requireOwnOption(1, mac)
        land(toAdvertisement)
        require(.length, atLeast: Offset.option)
        if let peer { require(peer.mac, at: 0) }
        requireEither(address, mac.linkLocalAddress, at: Offset.target)
        requireOwnOption(2, mac)
    }

    /// About that one; or sent to it, as its answer may be about another of its addresses.
    private mutating func requireQuestion(to peer: OwnSource.Peer) {
        guard let address = peer.address6 else { return require(peer.mac, at: 0) }
        var others: [Int] = []
        for (place, word) in address.words.enumerated() {
            load(.word(Offset.target + 4 * UInt32(place)))
            others.append(jump(BPF_JEQ, word))
        }
        let isAbout = jump()
        for other in others { landOtherwise(other) }
        require(peer.mac, at: 0)
        landAlways(isAbout)
    }

    /// No option at all, or one: the link's address.
    private mutating func requireOwnOption(_ type: UInt32, _ mac: MACAddress) {
        require(.length, atLeast: Offset.option)
        load(.half(Offset.payloadLength))
        let toEnd = jump(BPF_JEQ, 24)
        require(32)
        require(.length, atLeast: Offset.option + 8)
        require(.half(Offset.option), type << 8 | 1)
        require(mac, at: Offset.option + 2)
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
