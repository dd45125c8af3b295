import Core
import Linux
import Netlink

/// What an endpoint is made of on a bridge, as requests.
extension Endpoint {
    /// - Parameters:
    ///   - bridge: its index.
    ///   - mtu: the bridge's.
    func veth(on bridge: Int32, mtu: Int?, in namespace: NetworkNamespaceReference) -> VethRequest {
        VethRequest(
            name: hostInterface, bridge: bridge, mtu: mtu, peerName: interface, peerMAC: mac, peerNamespace: namespace)
    }

    /// - Parameters:
    ///   - index: of the end inside, where it is known.
    ///   - gatewayMAC: the bridge's.
    func inside(_ index: Int32?, isDefaultRoute: Bool, _ gatewayMAC: MACAddress?) -> ContainerNetworkRequest {
        ContainerNetworkRequest(
            interface: interface, index: index, addresses: subnets, gateways: isDefaultRoute ? gateways : [],
            gatewayMAC: gatewayMAC)
    }

    /// What its port lets in, on this host.
    func port(_ index: Int32) -> PortRequest { port(index, hostHasIPv6: Files.exists("/proc/sys/net/ipv6")) }

    /// - Parameter index: the link's.
    func port(_ index: Int32, hostHasIPv6: Bool) -> PortRequest {
        PortRequest(
            name: hostInterface, index: index, mac: mac, address: address.address, address6: address6?.address,
            hairpin: !ports.isEmpty,
            // A link whose packets are too small for it has none (RFC 8200, section 5).
            hostHasIPv6: mtu ?? 1500 >= 1280 && hostHasIPv6)
    }
}
