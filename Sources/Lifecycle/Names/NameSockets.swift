import Core
import Linux
import Netlink

/// The sockets at which a container's programs ask for names, inside its network namespace. They lie at other ports than the one that
/// is asked, so that a container can have a name server of its own at every address. The supervisor answers.
package final class NameSockets {
    /// As in Docker, whose scripts know it: it is every network namespace's own.
    package static let address = IPAddress(ipv4: 0x7f00_000b)
    private static let port: UInt16 = 53

    package let datagrams: ServedPort
    package let connections: ServedPort

    /// Those that listen already.
    init(_ datagrams: consuming Descriptor, _ connections: consuming Descriptor) {
        self.datagrams = ServedPort(datagrams)
        self.connections = ServedPort(connections)
    }

    /// The calling thread is inside until this returns.
    private init(isAside: Bool) throws(OperationError) {
        let port = isAside ? 0 : Self.port
        let datagrams = try ServedPort(Self.address, port: port, isTCP: false)
        let connections = try ServedPort(Self.address, port: port, isTCP: true)
        if isAside {
            var tables = try NFTablesSocket()
            try tables.answer(
                at: AnsweredPort(Self.address, port: Self.port, udp: datagrams.port, tcp: connections.port))
        }
        self.datagrams = datagrams
        self.connections = connections
    }

    static func open(in namespace: borrowing NetworkNamespace) throws(OperationError) -> NameSockets {
        try namespace.visit { () throws(OperationError) in
            do throws(OperationError) {
                return try NameSockets(isAside: true)
            } catch {
                // A kernel without nftables: who wants that port at every address then does not get it.
                return try NameSockets(isAside: false)
            }
        }
    }
}
