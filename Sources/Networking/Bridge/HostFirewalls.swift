import Core
import Firewall

/// The kernel's firewalls of this host: each network's rules are in the one that its definition names, and while they move in another
/// one as well.
struct HostFirewalls: Sendable {
    private let firewalls: [FirewallBackend: any Firewall]

    static let standard = HostFirewalls(
        Dictionary(uniqueKeysWithValues: FirewallBackend.allCases.map { ($0, $0.firewall) }))

    init(_ firewalls: [FirewallBackend: any Firewall]) { self.firewalls = firewalls }

    /// All of them: of an owner of whom nothing else is known.
    var all: [any Firewall] { FirewallBackend.allCases.compactMap { firewalls[$0] } }

    var byBackend: [(backend: FirewallBackend, firewall: any Firewall)] {
        FirewallBackend.allCases.map { ($0, self[$0]) }
    }

    subscript(backend: FirewallBackend) -> any Firewall { firewalls[backend] ?? NoFirewall() }

    /// Those that have something to do with these networks, in their order, with them.
    func groups(of networks: [NetworkDefinition]) -> [(firewall: any Firewall, networks: [NetworkDefinition])] {
        FirewallBackend.allCases.compactMap { backend in
            let own = networks.filter { $0.firewall == backend }
            return own.isEmpty ? nil : (self[backend], own)
        }
    }

    /// Clears each of them, whatever becomes of the others.
    /// - Throws: the first failure.
    func clear(_ owners: [FirewallOwner], withFrame: Bool) throws(OperationError) {
        var failure: OperationError?
        for firewall in all {
            do throws(OperationError) {
                try firewall.clear(owners, withFrame: withFrame)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// What differs in any of them.
    /// - Parameter isOwner: as in `Firewall.differences`.
    func differences(
        from intent: FirewallIntent, of networks: [NetworkDefinition], isOwner: ((FirewallOwner) -> Bool)?
    ) throws(OperationError) -> FirewallDifferences {
        var all = FirewallDifferences()
        for backend in FirewallBackend.allCases {
            let devices = Set(networks.filter { $0.firewall == backend }.map(\.device))
            let own = intent.on(devices, backend)
            if own.isEmpty, isOwner == nil { continue }
            all.add(try self[backend].differences(from: own, isOwner: isOwner))
        }
        return all
    }
}
