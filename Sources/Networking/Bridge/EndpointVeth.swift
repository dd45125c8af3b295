import Core
import Glibc
import Linux
import Netlink

/// The pair of links by which an endpoint is on a bridge.
extension RouteSocket {
    /// The name is short, as the seeds show it, and another one when that is taken (B45).
    mutating func createVeth(
        of endpoint: inout Endpoint, on bridge: LinkInfo, in namespace: borrowing Descriptor,
        _ inside: inout RouteSocket
    ) throws(OperationError) -> VethPair {
        var names = Endpoint.hostInterfaces(endpoint.id).dropFirst()
        while true {
            do throws(OperationError) {
                return try createVeth(
                    endpoint.veth(on: bridge.index, mtu: bridge.mtu, in: .descriptor(namespace.number)))
            } catch {
                guard error.errno == EEXIST else { throw error }
                try inside.refuseTaken(endpoint)
                guard let name = names.popFirst() else { throw error }
                endpoint.hostInterface = name
            }
        }
    }

    /// By the host's end: whatever the container has made of the other one, and wherever it has put that, goes with it.
    mutating func deleteVeth(of endpoint: Endpoint) throws(OperationError) {
        guard let bridge = try link(.named(endpoint.bridge)), let veth = try link(.named(endpoint.hostInterface)),
            veth.kind == "veth", veth.master == bridge.index
        else { return }
        try deleteLink(.index(veth.index))
    }

    /// From inside, by the MAC address: the host's end is not known where it is on the bridge no more, as when somebody has deleted the
    /// bridge or made it anew.
    mutating func deletePeer(of endpoint: Endpoint) throws(OperationError) {
        for link in try links() where link.kind == "veth" && link.mac == endpoint.mac {
            try deleteLink(.index(link.index))
        }
    }
}
