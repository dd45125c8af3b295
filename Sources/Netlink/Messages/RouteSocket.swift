import CNetlink
import Core
import Glibc
import Linux

/// A conversation with the kernel about the links, addresses and routes of one network namespace:
/// the one in which the socket was opened, whichever the caller is in later.
package struct RouteSocket: ~Copyable {
    private var socket: NetlinkSocket

    /// Opens one in the calling thread's network namespace.
    package init() throws(OperationError) { socket = try NetlinkSocket(protocol: NETLINK_ROUTE) }

    /// Uses an rtnetlink socket that a process in another network namespace opened and passed on, bound or not.
    ///
    /// - Throws: EPROTONOSUPPORT when it is a socket of another kind, ENOTSOCK when it is none. It is closed then.
    package init(adopting descriptor: consuming Descriptor) throws(OperationError) {
        socket = try NetlinkSocket(adopting: descriptor)
    }

    /// Opens none, but takes over that of a namespace.
    package init(of namespace: inout NetworkNamespace) throws(OperationError) {
        guard let descriptor = namespace.takeSocket() else { throw OperationError("use netlink socket", errno: EBADF) }
        try self.init(adopting: descriptor)
    }

    package var number: Int32 { socket.number }

    /// From now on answers to requests before are nobody's.
    package mutating func renewRequests() { socket.renewRequests() }

    /// As `NetlinkSocket.perform`.
    @discardableResult
    mutating func perform(_ batch: consuming RequestBatch) throws(OperationError) -> [[Message]] {
        try socket.perform(batch)
    }

    /// As `NetlinkSocket.dump`.
    mutating func dump(_ build: (inout RequestBatch) -> Void) throws(OperationError) -> [Message] {
        try socket.dump(build)
    }
}
