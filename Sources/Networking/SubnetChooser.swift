import Core

/// Which subnets are free on this host.
package struct SubnetChooser: Sendable {
    /// Something that already has a subnet.
    package struct Occupant: Equatable, Sendable {
        package enum Owner: Equatable, Sendable {
            case network(Name)
            /// That it has there.
            case address(Subnet)
            case route
        }

        package let subnet: Subnet
        private let owner: Owner
        /// For the error. Of thousands one is told at most.
        package var what: String {
            switch owner {
            case .network(let name): "network \"\(name)\", \(subnet)"
            case .address(let address): "an address of this host, \(address)"
            case .route: "a route of this host, \(subnet)"
            }
        }

        package init(_ subnet: Subnet, _ owner: Owner) {
            self.subnet = subnet
            self.owner = owner
        }
    }

    private let occupants: [Occupant]

    /// Default routes and the halves of the address space that VPNs use instead of one overlap everything
    /// and so say nothing.
    package init(occupants: [Occupant]) {
        self.occupants = occupants.filter { $0.subnet.prefixLength > 1 }
    }

    package func occupant(of subnet: Subnet) -> Occupant? { occupants.first { $0.subnet.overlaps(subnet) } }

    /// 15 subnets of /16 for the predefined network, like Docker's.
    package static let defaultPool = Pool(Subnet(IPAddress(ipv4: 0xac11_0000), 12), subnetLength: 16, skipping: 1)
    /// 4096 subnets of /22: 1021 containers each.
    package static let userPool = Pool(Subnet(IPAddress(ipv4: 0x0a40_0000), 10), subnetLength: 22)

    package struct Pool: Sendable {
        let range: Subnet
        let subnetLength: Int
        let skipping: Int

        /// - Parameters:
        ///   - subnetLength: not shorter than the range's.
        ///   - skipping: how many of its first subnets stay free.
        package init(_ range: Subnet, subnetLength: Int, skipping: Int = 0) {
            self.range = range.network
            self.subnetLength = subnetLength
            self.skipping = skipping
        }

        private var count: Int { 1 << (subnetLength - range.prefixLength) }
        func subnet(_ index: Int) -> Subnet { range.part(index, length: subnetLength) }

        /// The first of its subnets that none of `others` overlaps.
        func firstIndex(beside others: [Subnet]) -> Int? {
            let taken = others.filter { $0.overlaps(range) }.map(indices).sorted { $0.lowerBound < $1.lowerBound }
            var index = skipping
            for indices in taken {
                if indices.lowerBound > index { break }
                index = max(index, indices.upperBound + 1)
            }
            return index < count ? index : nil
        }

        /// Which of its subnets another one overlaps, that overlaps the range.
        private func indices(_ other: Subnet) -> ClosedRange<Int> {
            guard other.prefixLength > range.prefixLength else { return 0...count - 1 }
            let bits = range.family.bits - subnetLength
            func index(_ address: IPAddress) -> Int { Int((address.number - range.first.number) >> bits) }
            return index(other.first)...index(other.last)
        }
    }

    /// A /64 of which the 40 bits behind fd00::/8 are random, as RFC 4193 has it: nobody else has it by chance.
    package func chooseUniqueLocal() -> Subnet {
        while true {
            let identifier = UInt128.random(in: 1..<1 << 40)
            let subnet = Subnet(IPAddress(ipv6: 0xfd << 120 | identifier << 80), 64)
            if occupant(of: subnet) == nil { return subnet }
        }
    }

    /// The first free subnet of `pools`, in their order.
    package func choose(from pools: [Pool]) throws(OperationError) -> Subnet {
        for pool in pools {
            if let index = pool.firstIndex(beside: occupants.map(\.subnet)) { return pool.subnet(index) }
        }
        throw OperationError(
            "all predefined address pools have been fully subnetted", remedy: "give the network a --subnet of its own")
    }
}
