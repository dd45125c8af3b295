import Core

/// The addresses of a subnet that containers may have, and no others: not the network's own, not the broadcast
/// address (RFC 3021 and a single host excepted: see `CIDR.hosts`), not the gateway or what else is kept back.
///
/// They are numbered without gaps; the numbers never leave this module.
package struct AddressSpace: Equatable, Sendable {
    /// What a pool's file has room for.
    package static let maximumReserved = 64
    /// Of larger subnets than this there is no pool.
    package static let shortestPrefix = 8

    /// Without host bits.
    package let subnet: CIDR
    /// Ascending, each once; only addresses that would be hosts' otherwise.
    package let reserved: [IPv4Address]
    /// How many addresses can be given out.
    package let capacity: Int
    private let hosts: ClosedRange<Int>

    /// - Parameters:
    ///   - subnet: host bits are dropped.
    ///   - reserved: never given out; the gateway belongs here.
    package init(_ subnet: CIDR, reserving reserved: [IPv4Address]) throws(AddressPoolError) {
        guard subnet.prefixLength >= AddressSpace.shortestPrefix else {
            throw .unusable(OperationError("subnet \(subnet) is larger than a /\(AddressSpace.shortestPrefix)"))
        }
        let range = subnet.hosts
        let kept = Set(reserved.filter { range.contains($0.rawValue) }).sorted()
        guard kept.count <= AddressSpace.maximumReserved else {
            throw .unusable(OperationError("more than \(AddressSpace.maximumReserved) reserved addresses in \(subnet)"))
        }
        self.subnet = subnet.network
        self.reserved = kept
        // Int: past 255.255.255.255 there is no wrapping around.
        hosts = Int(range.lowerBound)...Int(range.upperBound)
        capacity = hosts.count - kept.count
    }

    /// Nil when `address` is not one to give out.
    func slot(of address: IPv4Address) -> Int? {
        guard hosts.contains(Int(address.rawValue)), !reserved.contains(address) else { return nil }
        return Int(address.rawValue) - hosts.lowerBound - reserved.count { $0 < address }
    }

    func address(of slot: Int) -> IPv4Address {
        precondition(slot >= 0 && slot < capacity)
        var number = hosts.lowerBound + slot
        for kept in reserved where Int(kept.rawValue) <= number { number += 1 }
        return IPv4Address(rawValue: UInt32(number))
    }

    /// Why `slot(of:)` is nil.
    func refusal(of address: IPv4Address) -> AddressPoolError {
        reserved.contains(address) ? .taken(address, holder: nil) : .outOfRange(address, subnet)
    }
}
