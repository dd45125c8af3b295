import Core

/// Why a pool did not give an address.
package enum AddressPoolError: Error, Equatable, CustomStringConvertible {
    /// All addresses that the subnet has are in use.
    case full(Subnet, capacity: Int)
    /// A requested address belongs to `holder`, or to the network itself (its gateway) when that is nil.
    case taken(IPAddress, holder: LeaseOwner?)
    /// A requested address is no host's address of the subnet.
    case outOfRange(IPAddress, Subnet)
    /// The pool's file is damaged or could not be read or written, or there can be no pool of such a subnet.
    case unusable(OperationError)

    /// The texts about requested addresses are Docker's, for scripts that look for them.
    package var description: String {
        switch self {
        case .full(let subnet, let capacity):
            "no available addresses in \(subnet) (\(capacity) of \(capacity) in use)"
        case .taken: "Address already in use"
        case .outOfRange: "requested address is out of range"
        case .unusable(let error): error.description
        }
    }

    /// The same for callers that only pass errors on.
    package var operationError: OperationError {
        switch self {
        case .unusable(let error): error
        case .full: OperationError(description, kind: .exhausted)
        case .taken: OperationError(description, kind: .conflict)
        case .outOfRange: OperationError(description, kind: .invalid)
        }
    }
}
