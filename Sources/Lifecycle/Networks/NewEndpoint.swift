import Core
import Networking

extension Endpoint {
    /// As a container gets it.
    /// - Parameters:
    ///   - interface: what it is called inside, where nobody asks for another name.
    ///   - aliases: what others call the container everywhere.
    init(
        _ id: EndpointID, on network: NetworkDefinition, _ wish: EndpointWish, at leased: LeasedAddresses,
        interface: String, ports: [PortMapping], aliases: [NetworkAlias]
    ) {
        let address = network.subnet.map { Subnet(leased.lease, $0.prefixLength) }
        // Of IPv6 only where a lease stands for it: others have the same last 32 bits.
        let own = address?.address ?? leased.address6.flatMap { network.lease(beside: $0) == nil ? nil : $0 }
        self.init(
            id: id, network: network.name, networkID: network.id, address: address,
            gateway: network.leadsOut ? network.gateway?.address : nil,
            mac: wish.mac ?? own.map { MACAddress(for: $0) } ?? id.mac,
            interface: wish.interface ?? interface, bridge: network.device, mtu: network.mtu, ports: ports)
        standIn = address == nil ? leased.lease : nil
        address6 = leased.address6.map { Subnet($0, network.subnet6?.prefixLength ?? 128) }
        gateway6 = network.leadsOut ? network.gateway6?.address : nil
        driver = network.driver
        firewall = network.firewall
        mode = network.options.mode
        self.aliases = wish.aliases + aliases.filter { !wish.aliases.contains($0) }
        linkLocal = wish.linkLocal
        gatewayPriority = wish.gatewayPriority
        isGatewayOfHost = network.options.hasHostAddress
        guard !network.options.membersMeet else { return }
        onlyPeer = network.gateway?.address
        onlyPeer6 = network.gateway6?.address
    }

    /// The first one with this prefix that no endpoint has or is asked to have.
    static func interface(_ prefix: String, beside others: [Endpoint], _ wishes: [EndpointWish]) -> String {
        let taken = others.map(\.interface) + wishes.compactMap(\.interface)
        return (0...taken.count).lazy.map { "\(prefix)\($0)" }.first { !taken.contains($0) } ?? "\(prefix)0"
    }
}
