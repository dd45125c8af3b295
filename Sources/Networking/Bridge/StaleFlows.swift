import Core
import Glibc
import Netlink

/// Flows of UDP that were there before a port was published. They do not end as long as somebody sends, and a flow is
/// translated as its first packet was: to a container that is gone, or not at all.
enum StaleFlows {
    /// Makes the next packet of each go where the rules say now.
    ///
    /// Without connection tracking by netlink (CONFIG_NF_CT_NETLINK) they have to run out, after 30 s of silence.
    static func forget(to endpoint: Endpoint) {
        let ports = endpoint.ports.filter { $0.transport == .udp }
        if ports.isEmpty { return }
        for container in endpoint.subnets {
            guard let addresses = try? hostAddresses(container.family), var tracking = try? ConntrackSocket(),
                let flows = try? tracking.flows(of: container.family)
            else { continue }
            for flow in flows where isStale(flow, ports, addresses, container) { try? tracking.forget(flow) }
        }
    }

    /// What is sent to `::1` is never translated.
    private static func hostAddresses(_ family: AddressFamily) throws(OperationError) -> [IPAddress] {
        var netlink = try RouteSocket()
        return try netlink.addresses(of: family).map(\.address.address).filter { $0 != .loopbackIPv6 }
    }

    /// Whether it was sent to one of `ports` of this host and does not reach the container that has it now.
    static func isStale(
        _ flow: FlowInfo, _ ports: [PortMapping], _ hostAddresses: [IPAddress], _ container: Subnet
    ) -> Bool {
        let to = flow.original
        guard to.transport == UInt8(IPPROTO_UDP), hostAddresses.contains(to.destination) else { return false }
        let port = ports.first {
            $0.hostPort == to.destinationPort && $0.hostAddress.family == to.destination.family
                && ($0.hostAddress.isUnspecified || $0.hostAddress == to.destination)
        }
        guard let port else { return false }
        return flow.reply.source != container.address || flow.reply.sourcePort != port.containerPort
    }
}
