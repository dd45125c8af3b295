import CNetlink
import Core
import Glibc

extension RouteSocket {
    /// Which way the kernel would send something, as `ip route get` says it.
    ///
    /// - Throws: ENETUNREACH, EHOSTUNREACH, EINVAL of a blackhole, EACCES of what is prohibited.
    package mutating func route(to destination: IPAddress) throws(OperationError) -> RouteInfo {
        try look(for: destination, nil, input: nil)
    }

    /// Which way it would send this very packet: rules of routing ask for its addresses, its mark, its transport and its ports.
    ///
    /// - Parameter input: the index of the link that it comes in by; its checks are made, too.
    /// - Throws: what the kernel would drop it for; besides those above EXDEV of a source that does not belong there, EINVAL of one
    ///   that cannot be.
    package mutating func route(of packet: TracedPacket, input: Int32? = nil) throws(OperationError) -> RouteInfo {
        try look(for: packet.destination, packet, input: input)
    }

    private mutating func look(
        for destination: IPAddress, _ packet: TracedPacket?, input: Int32?
    ) throws(OperationError) -> RouteInfo {
        var batch = RequestBatch(capacity: 128)
        batch.getRoute(to: destination, of: packet, input: input)
        guard let message = try perform(batch)[0].first else { throw OperationError.malformed("route") }
        return try RouteInfo(message)
    }

    /// Whether a rule of routing asks for the port that packets come from, which nobody knows of a connection's first one.
    package mutating func routesBySourcePort(_ family: AddressFamily) throws(OperationError) -> Bool {
        for message in try dump({ $0.getRoutingRules(of: family) }) {
            var attributes = try message.attributes(after: fib_rule_hdr.self)
            while let attribute = try attributes.next() {
                if attribute.type == FRA_SPORT_RANGE { return true }
            }
        }
        return false
    }
}

extension RequestBatch {
    /// - Parameters:
    ///   - packet: nil for any.
    ///   - input: as in `RouteSocket.route`.
    mutating func getRoute(to destination: IPAddress, of packet: TracedPacket?, input: Int32?) {
        var header = rtmsg()
        header.rtm_family = destination.family.number
        header.rtm_dst_len = UInt8(destination.family.bits)
        header.rtm_src_len = packet == nil ? 0 : UInt8(destination.family.bits)
        begin(RTM_GETROUTE, NLM_F_ACK, header, Label(operation: "look up route to", subject: "\(destination)"))
        put(Int(RTA_DST.rawValue), destination)
        if let input { put(Int(RTA_IIF.rawValue), UInt32(bitPattern: input)) }
        guard let packet else { return }
        put(Int(RTA_SRC.rawValue), packet.source)
        if let mark = packet.mark, mark != 0 { put(Int(RTA_MARK.rawValue), mark) }
        // It refuses to be asked about others (rtm_getroute_parse_ip_proto).
        guard [6, 17, packet.family == .ipv4 ? 1 : 58].contains(packet.transport) else { return }
        put(Int(RTA_IP_PROTO.rawValue), [packet.transport])
        if let port = packet.sourcePort { put(Int(RTA_SPORT.rawValue), bigEndian: port) }
        if let port = packet.destinationPort { put(Int(RTA_DPORT.rawValue), bigEndian: port) }
    }

    /// A dump.
    fileprivate mutating func getRoutingRules(of family: AddressFamily) {
        var header = fib_rule_hdr()
        header.family = family.number
        begin(RTM_GETRULE, netlinkDumpFlags, header, Label(operation: "list routing rules", subject: nil))
    }
}
