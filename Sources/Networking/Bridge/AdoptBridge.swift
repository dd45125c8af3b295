import Core
import Firewall
import Netlink

/// A bridge that another program has made for a network of the same kind.
extension BridgeDriver {
    package func adopt(_ network: NetworkDefinition) throws(OperationError) -> [String] {
        var netlink = try RouteSocket()
        var marked: Int32?
        if let link = try netlink.link(.named(network.device)), !network.owns(link) {
            guard link.kind == "bridge", link.alias == nil else {
                throw foreign(network, remedy: "give the network another name")
            }
            try netlink.mark(.index(link.index), alias: network.alias, mac: network.bridgeMAC)
            marked = link.index
        }
        do throws(OperationError) {
            // Of one that was left half way some is there: all of it is compared.
            let failures = restore([network], members: [], isStale: { _ in false })
            if let failure = failures.first { throw failure.failure }
            guard let subnet = network.subnet else { return [] }
            return try FirewallBackend.clearFormer(of: network.device, subnet)
        } catch {
            if let marked { try? netlink.setAlias(.index(marked), "") }
            throw error
        }
    }

    package func ports(of network: NetworkDefinition) throws(OperationError) -> [String] {
        var netlink = try RouteSocket()
        guard let bridge = try netlink.link(.named(network.device)), bridge.kind == "bridge" else { return [] }
        return try netlink.links().filter { $0.master == bridge.index }.map(\.name)
    }
}
