import CNetlink
import Core
import Glibc

extension RouteSocket {
    /// Which way the kernel would send a packet, as `ip route get` says it.
    ///
    /// - Parameters:
    ///   - source: rules of routing ask for it.
    ///   - input: the index of the link that it comes in by; its checks are made, too.
    ///   - mark: rules of routing ask for this, too.
    /// - Throws: what the kernel would drop it for: ENETUNREACH, EHOSTUNREACH, EXDEV of a source that does not belong there, EINVAL
    ///   of one that cannot be or of a blackhole, EACCES of what is prohibited.
    package mutating func route(
        to destination: IPAddress, from source: IPAddress? = nil, input: Int32? = nil, mark: UInt32 = 0
    ) throws(OperationError) -> RouteInfo {
        var batch = RequestBatch(capacity: 128)
        batch.getRoute(to: destination, from: source, input: input, mark: mark)
        guard let message = try perform(batch)[0].first else { throw OperationError.malformed("route") }
        return try RouteInfo(message)
    }
}

extension RequestBatch {
    fileprivate mutating func getRoute(to destination: IPAddress, from source: IPAddress?, input: Int32?, mark: UInt32)
    {
        var header = rtmsg()
        header.rtm_family = destination.family.number
        header.rtm_dst_len = UInt8(destination.family.bits)
        header.rtm_src_len = source == nil ? 0 : UInt8(destination.family.bits)
        begin(RTM_GETROUTE, NLM_F_ACK, header, Label(operation: "look up route to", subject: "\(destination)"))
        put(Int(RTA_DST.rawValue), destination)
        if let source { put(Int(RTA_SRC.rawValue), source) }
        if let input { put(Int(RTA_IIF.rawValue), UInt32(bitPattern: input)) }
        if mark != 0 { put(Int(RTA_MARK.rawValue), mark) }
    }
}
