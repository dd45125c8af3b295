import Core

/// The firewall of the network namespace that the calling thread is in.
package protocol Firewall: Sendable {
    /// Brings the tables into the state that `change` describes, with one read and at most one write of each.
    /// Rules of others are neither changed nor reordered, and no policy is.
    ///
    /// - Parameters:
    ///   - isStale: asked about another owner whose rule publishes the same port. `true` takes all of that
    ///     owner's rules out of the table in the same write. It must not wait: the xtables lock is held.
    ///   - change: asked once, with the xtables lock held: what it finds to be so still is when the tables are written,
    ///     as long as whoever makes it untrue changes the tables first.
    /// - Returns: whether anything had to be written.
    /// - Throws: also when the port is taken by an owner that is not stale.
    @discardableResult
    func apply(
        isStale: (FirewallOwner) -> Bool, _ change: () throws(OperationError) -> FirewallChange
    ) throws(OperationError) -> Bool

    /// What `apply` would have to put right. A reader: it takes no lock.
    func deviations(from change: FirewallChange) throws(OperationError) -> FirewallDeviations

    /// The rules of this program in `table` as they are: those of its chains in order, and the jumps to its chains.
    /// The user's own chain is left out.
    func rules(in table: FirewallTable) throws(OperationError) -> [FirewallRule]
}

/// How the tables differ from a wanted state.
package struct FirewallDeviations: Equatable, Sendable {
    /// Our chains, or the jumps into them.
    package var isLayoutWrong = false
    /// Those whose rules are not exactly the wanted ones.
    package var owners: [FirewallOwner] = []

    package init() {}
}

extension Firewall {
    @discardableResult
    package func apply(_ change: FirewallChange, isStale: (FirewallOwner) -> Bool) throws(OperationError) -> Bool {
        try apply(isStale: isStale) { change }
    }

    @discardableResult
    package func apply(_ change: FirewallChange) throws(OperationError) -> Bool {
        try apply(change) { _ in false }
    }
}
