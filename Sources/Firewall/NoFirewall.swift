import Core
import Linux

/// What a network has that is to have none.
package struct NoFirewall: Firewall {
    package init() {}

    package func establish(
        isStale: (FirewallOwner) -> Bool, _ intent: () throws(OperationError) -> FirewallIntent
    ) throws(OperationError) -> Bool {
        guard try intent().published.isEmpty else {
            throw OperationError(
                "publish port", reason: "the network has no firewall",
                remedy: "give it one: \(Program.current.name) network reload --firewall iptables NETWORK",
                kind: .unsupported)
        }
        return false
    }

    package func withdraw(
        _ owner: FirewallOwner, of families: [AddressFamily], withOpenPorts: Bool
    ) throws(OperationError) {}

    package func differences(
        from intent: FirewallIntent, isOwner: ((FirewallOwner) -> Bool)?
    ) throws(OperationError) -> FirewallDifferences { FirewallDifferences() }

    package func hasUserRules(of families: [AddressFamily]) throws(OperationError) -> Bool { false }

    package func clear(_ owners: [FirewallOwner], withFrame: Bool) throws(OperationError) {}

    package func commands(
        establishing intent: FirewallIntent, upon ground: FirewallGround, isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        _ = try establish(isStale: isStale) { () throws(OperationError) in intent }
        return []
    }
}
