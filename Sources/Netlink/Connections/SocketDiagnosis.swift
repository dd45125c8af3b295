import CNetlink
import Core
import Glibc

/// Asks the kernel about sockets (sock_diag(7)), without a word to whoever has them.
package struct SocketDiagnosis: ~Copyable {
    private var socket: NetlinkSocket

    /// Opens one in the calling thread's network namespace.
    package init() throws(OperationError) { socket = try NetlinkSocket(protocol: NETLINK_SOCK_DIAG) }

    /// The TCP ports that somebody listens on, on whatever address, of both families.
    package mutating func listeningPorts() throws(OperationError) -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for family in [AF_INET, AF_INET6] {
            for message in try socket.dump({ $0.getListeners(family) }) {
                ports.insert(try Self.port(message))
            }
        }
        return ports
    }

    static func port(_ message: Message) throws(OperationError) -> UInt16 {
        guard message.header.type == UInt16(SOCK_DIAG_BY_FAMILY) else { throw .malformed("socket") }
        return UInt16(bigEndian: try message.fixedHeader(inet_diag_msg.self).id.idiag_sport)
    }
}

extension RequestBatch {
    /// A dump.
    mutating func getListeners(_ family: Int32) {
        var request = inet_diag_req_v2()
        request.sdiag_family = UInt8(family)
        request.sdiag_protocol = UInt8(IPPROTO_TCP)
        request.idiag_states = 1 << UInt32(CNETLINK_TCP_LISTEN)
        begin(
            Int(SOCK_DIAG_BY_FAMILY), netlinkDumpFlags, request, Label(operation: "list sockets", subject: nil),
            asks: true)
    }
}
