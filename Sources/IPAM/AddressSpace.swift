import Core

/// The addresses of a subnet that containers may have, and no others: not the network's own, not the broadcast
/// address (RFC 3021 and a single host excepted: see `Subnet.hosts`), not the gateway or what else is kept back.
///
/// They are numbered without gaps; the numbers never leave this module.
package struct AddressSpace: Equatable, Sendable {
    /// What a pool's file has room for.
    package static let maximumReserved = 64
    /// Of larger subnets than this there is no pool.
    package static let shortestPrefix = 8

    /// Without host bits.
    package let subnet: Subnet
    /// Ascending, each once; only addresses that would be hosts' otherwise.
    package let reserved: [IPAddress]
    /// How many addresses can be given out.
    package let capacity: Int
    /// The numbers of those that are given out to whoever asks for none.
    let assignable: Range<Int>
    /// IPv4 addresses as numbers.
    private let hosts: ClosedRange<Int>

    /// - Parameters:
    ///   - subnet: of IPv4; host bits are dropped.
    ///   - reserved: never given out; the gateway belongs here.
    ///   - range: nil is all of the subnet.
    /// - Throws: `.unusable`, of IPv6 with the kind `.unsupported`.
    package init(
        _ subnet: Subnet, reserving reserved: [IPAddress], range: AddressRange? = nil
    ) throws(AddressPoolError) {
        guard subnet.prefixLength >= AddressSpace.shortestPrefix else {
            throw .unusable(OperationError("subnet \(subnet) is larger than a /\(AddressSpace.shortestPrefix)"))
        }
        guard let first = subnet.hosts.lowerBound.ipv4, let last = subnet.hosts.upperBound.ipv4 else {
            throw .unusable(.ofIPv6("use subnet \(subnet)"))
        }
        let kept = Set(reserved.filter(subnet.hosts.contains)).sorted()
        guard kept.count <= AddressSpace.maximumReserved else {
            throw .unusable(OperationError("more than \(AddressSpace.maximumReserved) reserved addresses in \(subnet)"))
        }
        self.subnet = subnet.network
        self.reserved = kept
        // Int: past 255.255.255.255 there is no wrapping around.
        hosts = Int(first)...Int(last)
        capacity = hosts.count - kept.count
        assignable = Self.numbers(of: range, hosts, kept)
    }

    private static func numbers(
        of range: AddressRange?, _ hosts: ClosedRange<Int>, _ kept: [IPAddress]
    ) -> Range<Int> {
        func slots(before number: Int) -> Int {
            let end = min(max(number, hosts.lowerBound), hosts.upperBound + 1)
            return end - hosts.lowerBound - kept.count { Int($0.number) < end }
        }
        guard let first = range?.first.ipv4, let last = range?.last.ipv4 else {
            return 0..<slots(before: hosts.upperBound + 1)
        }
        return slots(before: Int(first))..<slots(before: Int(last) + 1)
    }

    /// Nil when `address` is not one to give out.
    func slot(of address: IPAddress) -> Int? {
        guard let number = address.ipv4, hosts.contains(Int(number)), !reserved.contains(address) else { return nil }
        return Int(number) - hosts.lowerBound - reserved.count { $0 < address }
    }

    func address(of slot: Int) -> IPAddress {
        precondition(slot >= 0 && slot < capacity)
        var number = hosts.lowerBound + slot
        for kept in reserved where Int(kept.number) <= number { number += 1 }
        return IPAddress(ipv4: UInt32(number))
    }

    /// Why `slot(of:)` is nil.
    func refusal(of address: IPAddress) -> AddressPoolError {
        reserved.contains(address) ? .taken(address, holder: nil) : .outOfRange(address, subnet)
    }
}
