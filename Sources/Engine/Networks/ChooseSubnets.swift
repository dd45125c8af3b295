import Core
import Linux
import Networking

extension Engine {
    /// The gateways' addresses, each with its subnet: what was asked for is checked, and what was not is chosen.
    /// - Parameter pool: where one of IPv4 is chosen from.
    func gateways(
        _ request: NetworkRequest, pool: SubnetChooser.Pool, beside others: [NetworkDefinition]
    ) throws(OperationError) -> (gateway: Subnet, gateway6: Subnet?) {
        let gateway = try self.gateway(request.subnet, request.gateway, beside: others) {
            chooser throws(OperationError) in
            try chooser.choose(from: pool)
        }
        guard request.hasIPv6 else { return (gateway, nil) }
        try checkIPv6(request)
        let gateway6 = try self.gateway(request.subnet6, request.gateway6, of: .ipv6, beside: others) {
            chooser throws(OperationError) in chooser.chooseUniqueLocal()
        }
        guard 128 - gateway6.prefixLength >= 32 - gateway.prefixLength else {
            throw OperationError(
                "invalid subnet \(gateway6.network)",
                reason: "it has fewer addresses than \(gateway.network), and "
                    + "containers have one in each", remedy: "use a /64")
        }
        return (gateway, gateway6)
    }

    /// - Parameter choice: of a subnet where none is asked for.
    private func gateway(
        _ subnet: Subnet?, _ address: IPAddress?, of family: AddressFamily = .ipv4, beside others: [NetworkDefinition],
        _ choice: (SubnetChooser) throws(OperationError) -> Subnet
    ) throws(OperationError) -> Subnet {
        let networks = others.flatMap { network in
            network.gateways.map { SubnetChooser.Occupant($0.network, "network \"\(network.name)\", \($0.network)") }
        }
        let chooser = SubnetChooser(occupants: try networks + HostSubnets.occupants(of: family))
        if let subnet { try check(subnet) }
        if let subnet, let occupant = chooser.occupant(of: subnet.network) {
            throw OperationError(
                "invalid pool request: Pool overlaps with other one on this address space",
                remedy: "\(subnet.network) overlaps \(occupant.what)")
        }
        let chosen = if let subnet { subnet } else { try choice(chooser) }
        let first = chosen.hasHostBits ? chosen.address : chosen.hosts.lowerBound
        return Subnet(try check(address ?? first, in: chosen), chosen.prefixLength)
    }

    private func check(_ subnet: Subnet) throws(OperationError) {
        let lengths = subnet.family == .ipv4 ? 8...30 : 8...126
        guard lengths.contains(subnet.prefixLength) else {
            throw OperationError(
                "invalid subnet \(subnet)",
                reason: "the prefix length must be \(lengths.lowerBound) to \(lengths.upperBound): a gateway and a "
                    + "container need room")
        }
        guard subnet.first.isUnicast, !subnet.first.isLoopback, !subnet.first.isReserved else {
            throw OperationError("invalid subnet \(subnet)", reason: "no unicast addresses")
        }
        if !subnet.first.isPrivate, subnet.family == .ipv4 {
            warn("\(subnet.network) is public address space: its real hosts cannot be reached from here")
        }
    }

    private func check(_ gateway: IPAddress, in subnet: Subnet) throws(OperationError) -> IPAddress {
        guard subnet.contains(gateway) else {
            throw OperationError(
                "invalid gateway \(gateway): parent subnet \(subnet.network) doesn't contain this address")
        }
        guard subnet.hosts.contains(gateway) else {
            throw OperationError(
                "invalid gateway \(gateway)", reason: "it is the network's own or the broadcast address")
        }
        return gateway
    }

    private func checkIPv6(_ request: NetworkRequest) throws(OperationError) {
        guard Files.exists("/proc/sys/net/ipv6") else {
            throw OperationError(
                "IPv6 network", request.name, reason: "this kernel has no IPv6",
                remedy: "boot it without ipv6.disable=1, or leave --ipv6 away", kind: .unsupported)
        }
        if let mtu = request.mtu, mtu < 1280 {
            // RFC 8200, section 5.
            throw OperationError("invalid MTU \(mtu)", reason: "IPv6 needs at least 1280", kind: .invalid)
        }
    }
}

extension IPAddress {
    /// 0/8, ::/8 and the addresses of a link, which no network can have as its own.
    fileprivate var isReserved: Bool {
        family == .ipv4 ? number >> 24 == 0 : number >> 120 == 0 || number >> 118 == 0xfe80 >> 6
    }
}
