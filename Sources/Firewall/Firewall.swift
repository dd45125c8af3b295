import Core

/// The firewall of the network namespace that the calling thread is in. It is told what networks and containers want;
/// how it brings that about is known to the backend alone.
package protocol Firewall: Sendable {
    /// Brings about what `intent` says for the owners in it, reading everything once and writing it at most once. What
    /// other owners have stays, and so does what others have made.
    ///
    /// - Parameters:
    ///   - isStale: asked about another owner that publishes the same port. `true` takes everything of that owner's away
    ///     in the same write. It must not wait: nobody else can change the firewall meanwhile.
    ///   - intent: asked once, when nobody else can change the firewall: what it finds to be so still is when that is
    ///     written, as long as whoever makes it untrue changes the firewall first.
    /// - Returns: whether anything had to be written.
    /// - Throws: also when a port is taken by an owner that is not stale.
    @discardableResult
    func establish(
        isStale: (FirewallOwner) -> Bool, _ intent: () throws(OperationError) -> FirewallIntent
    ) throws(OperationError) -> Bool

    /// Takes away what `owner` has, and with the last network what all of them share.
    /// - Parameters:
    ///   - families: those of its addresses; all of them where that is not known.
    ///   - withOpenPorts: whether an endpoint may be reached at its own addresses, which is decided elsewhere than what becomes of
    ///     ports of this host.
    func withdraw(_ owner: FirewallOwner, of families: [AddressFamily], withOpenPorts: Bool) throws(OperationError)

    /// What `establish` would have to put right, and what has no owner. A reader: it waits for nobody and makes nothing.
    /// - Parameter isOwner: asked about each owner that has something. Nil: what has no owner is not looked for.
    func differences(
        from intent: FirewallIntent, isOwner: ((FirewallOwner) -> Bool)?
    ) throws(OperationError) -> FirewallDifferences

    /// Takes away what `owners` have, wherever it stands.
    /// - Parameter withFrame: what all networks share goes, too, unless there is something in it.
    func clear(_ owners: [FirewallOwner], withFrame: Bool) throws(OperationError)

    /// Whether somebody has rules in the chain that is left to the user, of one of these families. A reader.
    func hasUserRules(of families: [AddressFamily]) throws(OperationError) -> Bool

    /// What a person would tell the firewall's own tool to have done what `establish` does. A reader.
    /// - Parameter isStale: as in `establish`.
    func commands(
        establishing intent: FirewallIntent, upon ground: FirewallGround, isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) -> [ShellCommand]
}
