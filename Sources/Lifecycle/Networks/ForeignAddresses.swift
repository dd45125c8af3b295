import Core
import IPAM
import Networking

/// Addresses that a bridge of somebody else's, or a parent, has got since a network was made on it: no member gets one.
extension Host {
    func foreignAddresses(on network: NetworkDefinition) throws(OperationError) -> [IPAddress] {
        guard network.options.isUnmanaged || network.options.parent != nil else { return [] }
        let known = network.gateways.map(\.address) + network.auxiliary.values
        return try HostSubnets.addresses(of: network.options.parent ?? network.device).filter { address in
            !known.contains(address) && network.gateways.contains { $0.contains(address) }
        }
    }

    /// The leases that go with them.
    func foreignLeases(on network: NetworkDefinition) throws(AddressPoolError) -> Set<IPAddress> {
        do throws(OperationError) {
            let addresses = try foreignAddresses(on: network)
            return Set(addresses.compactMap { $0.family == .ipv4 ? $0 : network.lease(beside: $0) })
        } catch {
            throw .unusable(error)
        }
    }
}

extension AddressAllocator {
    /// - Parameter others: that are somebody's whom the allocator does not know.
    func allocate(_ owner: LeaseOwner, besides others: Set<IPAddress>) throws(AddressPoolError) -> IPAddress {
        // Held until there is another one, so that each comes once.
        var passed: [IPAddress] = []
        do throws(AddressPoolError) {
            var address = try allocate(owner)
            while others.contains(address) {
                passed.append(address)
                address = try allocate(owner)
            }
            try release(passed, owner)
            return address
        } catch {
            try release(passed, owner)
            throw error
        }
    }

    private func release(_ addresses: [IPAddress], _ owner: LeaseOwner) throws(AddressPoolError) {
        for address in addresses { try release(address, owner) }
    }
}
