import Core

/// Gives out the addresses of one subnet, each to one owner at a time.
///
/// It takes no lock: whoever changes something holds the network's from before the call, and for as long as it relies on the
/// answer. What a call has done is there for the next one, of whichever process, whatever becomes of this one.
package protocol AddressAllocator {
    /// Whether anything is known of the subnet's addresses, be it damaged. If not, they are made known by `rebuild`.
    var exists: Bool { get }

    /// - Throws: `.full`.
    func allocate(_ owner: LeaseOwner) throws(AddressPoolError) -> IPAddress

    /// What `allocate` would give out now, of what is not among `others`. Nothing is changed.
    /// - Throws: `.full`.
    func next(besides others: Set<IPAddress>) throws(AddressPoolError) -> IPAddress

    /// One particular address. An owner who has it already keeps it.
    /// - Throws: `.taken` or `.outOfRange`.
    func reserve(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError)

    /// - Returns: false, with nothing changed, when `address` is not `owner`'s or none of this subnet's (B12).
    @discardableResult
    func release(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool

    /// By address. Who does not hold the lock sees leases that were each there at some time during the call.
    func leases() throws(AddressPoolError) -> [AddressLease]

    /// Forgets all it knows, also what is damaged: exactly `leases` are there afterwards, or all is as it was.
    /// - Returns: the leases that have no place: no address of the subnet, or one that an earlier lease has.
    @discardableResult
    func rebuild(_ leases: [AddressLease]) throws(AddressPoolError) -> [AddressLease]
}

extension AddressAllocator {
    /// In their order.
    package func addresses(of owner: LeaseOwner) throws(AddressPoolError) -> [IPAddress] {
        try leases().filter { $0.owner == owner }.map(\.address)
    }
}
