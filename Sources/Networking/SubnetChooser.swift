import Core

/// Which subnets are free on this host.
package struct SubnetChooser: Sendable {
    /// Something that already has a subnet.
    package struct Occupant: Equatable, Sendable {
        package let subnet: CIDR
        /// For the error: `network "web"`, `route via eth0`.
        package let what: String
        package init(_ subnet: CIDR, _ what: String) {
            self.subnet = subnet
            self.what = what
        }
    }

    private let occupants: [Occupant]

    /// Default routes and the halves of the address space that VPNs use instead of one overlap everything
    /// and so say nothing.
    package init(occupants: [Occupant]) {
        self.occupants = occupants.filter { $0.subnet.prefixLength > 1 }
    }

    package func occupant(of subnet: CIDR) -> Occupant? { occupants.first { $0.subnet.overlaps(subnet) } }

    /// 15 subnets of /16 for the predefined network, like Docker's.
    package static let defaultPool = Pool(CIDR(IPv4Address(rawValue: 0xac11_0000), 12), subnetLength: 16, skipping: 1)
    /// 4096 subnets of /22: 1021 containers each.
    package static let userPool = Pool(CIDR(IPv4Address(rawValue: 0x0a40_0000), 10), subnetLength: 22, skipping: 0)

    package struct Pool: Sendable {
        let range: CIDR
        let subnetLength: Int
        let skipping: Int

        init(_ range: CIDR, subnetLength: Int, skipping: Int) {
            self.range = range.network
            self.subnetLength = subnetLength
            self.skipping = skipping
        }

        var count: Int { 1 << (subnetLength - range.prefixLength) }
        func subnet(_ index: Int) -> CIDR {
            CIDR(IPv4Address(rawValue: range.first.rawValue + UInt32(index) << UInt32(32 - subnetLength)), subnetLength)
        }
    }

    /// The first free subnet of `pool`.
    package func choose(from pool: Pool) throws(OperationError) -> CIDR {
        for index in pool.skipping..<pool.count {
            let subnet = pool.subnet(index)
            if occupant(of: subnet) == nil { return subnet }
        }
        throw OperationError(
            "all predefined address pools have been fully subnetted", remedy: "give the network a --subnet of its own")
    }
}
