import Core
import Linux
import Networking

extension Engine {
    /// The gateways' addresses, each with its subnet: what was asked for is checked, and what was not is chosen.
    /// - Parameter pools: where one of each family is chosen from; of IPv6 none means one that nobody else has.
    /// - Parameter isBesideHost: such a network may have the subnet that the host has there, where it is asked for.
    func gateways(
        _ request: NetworkRequest, pools: [AddressFamily: [SubnetChooser.Pool]], beside others: [NetworkDefinition],
        isBesideHost: Bool
    ) throws(OperationError) -> (gateway: Subnet?, gateway6: Subnet?) {
        var (gateway, gateway6): (Subnet?, Subnet?)
        if !request.givesAddresses { return (nil, nil) }
        if request.hasIPv4 {
            gateway = try self.gateway(of: .ipv4, request, beside: others, isBesideHost: isBesideHost) {
                chooser throws(OperationError) in try chooser.choose(from: pools[.ipv4] ?? [])
            }
        }
        if request.hasIPv6 {
            try checkIPv6(request)
            gateway6 = try self.gateway(of: .ipv6, request, beside: others, isBesideHost: isBesideHost) {
                chooser throws(OperationError) in
                guard let chosen = pools[.ipv6] else { return chooser.chooseUniqueLocal() }
                return try chooser.choose(from: chosen)
            }
        }
        if let gateway, let gateway6, 128 - gateway6.prefixLength < 32 - gateway.prefixLength {
            throw OperationError(
                "invalid subnet \(gateway6.network)",
                reason: "it has fewer addresses than \(gateway.network), and "
                    + "containers have one in each", remedy: "use a /64")
        }
        return (gateway, gateway6)
    }

    private func gateway(
        of family: AddressFamily, _ request: NetworkRequest, beside others: [NetworkDefinition], isBesideHost: Bool,
        _ choice: (SubnetChooser) throws(OperationError) -> Subnet
    ) throws(OperationError) -> Subnet {
        let asked = try request.pool(of: family)
        let occupants = isBesideHost && asked.subnet != nil ? [] : try HostSubnets.occupants(of: family)
        return try gateway(asked, occupants, beside: others, choice)
    }

    /// Of a network that nothing is made of.
    func configured(_ request: NetworkRequest) throws(OperationError) -> (gateway: Subnet?, gateway6: Subnet?) {
        var gateways: [Subnet?] = []
        for family in AddressFamily.allCases {
            let pool = try request.pool(of: family)
            if let subnet = pool.subnet { try check(subnet) }
            if let subnet = pool.subnet { gateways.append(try pool.gateway(in: subnet)) } else { gateways.append(nil) }
        }
        return (gateways[0], gateways[1])
    }

    /// The gateway's address in the subnet that was asked for, or in one that is free.
    private func gateway(
        _ request: PoolRequest, _ occupants: [SubnetChooser.Occupant], beside others: [NetworkDefinition],
        _ choice: (SubnetChooser) throws(OperationError) -> Subnet
    ) throws(OperationError) -> Subnet {
        let networks = others.filter { !$0.isConfigOnly }.flatMap { network in
            network.gateways.map { SubnetChooser.Occupant($0.network, .network(network.name)) }
        }
        let chooser = SubnetChooser(occupants: networks + occupants)
        guard let asked = request.subnet else { return try request.gateway(in: choice(chooser)) }
        try check(asked)
        if let occupant = chooser.occupant(of: asked.network) {
            throw OperationError(
                "invalid pool request: Pool overlaps with other one on this address space",
                remedy: "\(asked.network) overlaps \(occupant.what)")
        }
        return try request.gateway(in: asked)
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
    }

    /// Of a network behind this host that has the subnet which was asked for: beside it the real hosts are where they were.
    /// What is refused is not warned of: an error stands alone.
    func warnOfPublicSubnet(of network: NetworkDefinition, _ request: NetworkRequest, _ driver: any NetworkDriver) {
        guard !driver.isBesideHost, let subnet = network.gateway?.network, !subnet.first.isPrivate,
            !subnet.first.isOfDocumentation, request.subnets.contains(where: { $0.network == subnet })
        else { return }
        warn("\(subnet) is public address space: its real hosts cannot be reached from here")
    }

    private func checkIPv6(_ request: NetworkRequest) throws(OperationError) {
        guard Files.exists("/proc/sys/net/ipv6") else {
            throw OperationError(
                "IPv6 network", request.name, reason: "this kernel has no IPv6",
                remedy: "boot it without ipv6.disable=1, or leave --ipv6 away", kind: .unsupported)
        }
        if let mtu = request.options.mtu, mtu < 1280 {
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
