import CNetlink
import Core
import Glibc

/// What expressions load into registers, of a packet.
extension NFTablesRun {
    func payload(_ expression: NFTablesExpression) -> NFTablesValue {
        let base = expression.number(NFTA_PAYLOAD_BASE.rawValue)
        let place = (expression.number(NFTA_PAYLOAD_OFFSET.rawValue), expression.number(NFTA_PAYLOAD_LEN.rawValue))
        if base == NFT_PAYLOAD_NETWORK_HEADER.rawValue {
            if let value = packet.family == .ipv4 ? fieldOfIPv4(place) : fieldOfIPv6(place) { return value }
        }
        // The type of a frame, behind its two MAC addresses.
        if base == NFT_PAYLOAD_LL_HEADER.rawValue, place == (12, 2), packet.bridge != nil {
            return NFTablesValue(bytes: protocolOfFrame, name: "ether type", form: .other)
        }
        if base == NFT_PAYLOAD_TRANSPORT_HEADER.rawValue, packet.hasPorts {
            switch place {
            case (0, 2): return port(packet.sourcePort, "sport")
            case (2, 2): return port(packet.destinationPort, "dport")
            default: break
            }
        }
        return NFTablesValue(bytes: nil, name: "@\(base),\(place.0 * 8),\(place.1 * 8)", form: .other)
    }

    private func fieldOfIPv4(_ place: (offset: UInt32, length: UInt32)) -> NFTablesValue? {
        switch place {
        case (12, 1...4): address(packet.source, "ip saddr", place.length)
        case (16, 1...4): address(packet.destination, "ip daddr", place.length)
        case (9, 1): NFTablesValue(bytes: [packet.transport], name: "ip protocol", form: .transport)
        default: nil
        }
    }

    private func fieldOfIPv6(_ place: (offset: UInt32, length: UInt32)) -> NFTablesValue? {
        switch place {
        case (8, 1...16): address(packet.source, "ip6 saddr", place.length)
        case (24, 1...16): address(packet.destination, "ip6 daddr", place.length)
        case (6, 1): NFTablesValue(bytes: [packet.transport], name: "ip6 nexthdr", form: .transport)
        default: nil
        }
    }

    private func address(_ address: IPAddress, _ name: String, _ length: UInt32) -> NFTablesValue {
        NFTablesValue(bytes: Array(address.bytes.prefix(Int(length))), name: name, form: .address(address.family))
    }

    private func port(_ port: UInt16?, _ name: String) -> NFTablesValue {
        NFTablesValue(bytes: port?.networkBytes, name: "th \(name)", form: .port)
    }

    func meta(_ key: UInt32) -> NFTablesValue {
        switch key {
        case NFT_META_IIFNAME.rawValue: name(packet.input, "iifname")
        case NFT_META_OIFNAME.rawValue: name(packet.output, "oifname")
        case NFT_META_L4PROTO.rawValue:
            NFTablesValue(bytes: [packet.transport], name: "meta l4proto", form: .transport)
        case NFT_META_BRI_IIFNAME.rawValue: bridge(of: packet.input, "meta ibrname")
        case NFT_META_BRI_OIFNAME.rawValue: bridge(of: packet.output, "meta obrname")
        case NFT_META_NFPROTO.rawValue:
            NFTablesValue(
                bytes: packet.bridge == nil ? [NFTables.number(of: packet.family)] : [UInt8(CNETLINK_NFPROTO_BRIDGE)],
                name: "meta nfproto", form: .other)
        case NFT_META_PROTOCOL.rawValue:
            NFTablesValue(bytes: protocolOfFrame, name: "meta protocol", form: .other)
        case NFT_META_MARK.rawValue: NFTablesValue(bytes: packet.mark?.bytes, name: "meta mark", form: .mark)
        default: NFTablesValue(bytes: nil, name: "meta \(key)", form: .other)
        }
    }

    /// ETH_P_IP and ETH_P_IPV6.
    private var protocolOfFrame: [UInt8] { packet.family == .ipv4 ? [0x08, 0] : [0x86, 0xdd] }

    /// The bridge that a link is a port of.
    private func bridge(of port: String?, _ name: String) -> NFTablesValue {
        guard let bridge = packet.bridge, port != nil else { return NFTablesValue(bytes: nil, name: name, form: .name) }
        return self.name(bridge, name)
    }

    /// As long as a name can be.
    private func name(_ link: String?, _ name: String) -> NFTablesValue {
        let bytes = Array((link ?? "").utf8)
        return NFTablesValue(
            bytes: bytes + [UInt8](repeating: 0, count: max(0, 16 - bytes.count)), name: name, form: .name)
    }

    func connection(_ key: UInt32) -> NFTablesValue {
        var value = knownOfConnection(key)
        // Whether a bridge's frames are tracked depends on the kernel (nf_conntrack_bridge) and on what else is asked about them.
        if packet.bridge != nil { value.bytes = nil }
        return value
    }

    private func knownOfConnection(_ key: UInt32) -> NFTablesValue {
        switch key {
        case NFT_CT_STATE.rawValue:
            NFTablesValue(bytes: packet.stateBit(untracked: 64)?.bytes, name: "ct state", form: .state)
        case NFT_CT_STATUS.rawValue: NFTablesValue(bytes: packet.statusBits.bytes, name: "ct status", form: .status)
        case NFT_CT_DIRECTION.rawValue:
            NFTablesValue(bytes: [packet.isReply ? 1 : 0], name: "ct direction", form: .other)
        case NFT_CT_MARK.rawValue: NFTablesValue(bytes: packet.connectionMark?.bytes, name: "ct mark", form: .mark)
        default: NFTablesValue(bytes: nil, name: "ct \(key)", form: .other)
        }
    }

    func addressType(_ expression: NFTablesExpression) -> NFTablesValue {
        let isSource = expression.number(NFTA_FIB_FLAGS.rawValue) & NFTA_FIB_F_SADDR.rawValue != 0
        let name = "fib \(isSource ? "saddr" : "daddr") type"
        let isType = expression.number(NFTA_FIB_RESULT.rawValue) == NFT_FIB_RESULT_ADDRTYPE.rawValue
        let type = isType ? packet.addressTypes[isSource ? packet.source : packet.destination] : nil
        return NFTablesValue(bytes: type.map { UInt32($0).bytes }, name: name, form: .type)
    }
}

extension UInt32 {
    /// In the host's byte order.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
