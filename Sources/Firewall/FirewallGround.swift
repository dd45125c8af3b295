import Core

/// What is there when commands are carried out.
package struct FirewallGround: Hashable, Sendable {
    /// Whether it is what the kernel has now; else nobody has used a table yet.
    package let isFound: Bool
    /// What was brought about besides.
    package let added: FirewallIntent

    private init(isFound: Bool, _ added: FirewallIntent) { (self.isFound, self.added) = (isFound, added) }

    package static let found = FirewallGround(isFound: true, FirewallIntent())
    package static let nothing = FirewallGround(isFound: false, FirewallIntent())

    package func adding(_ intent: FirewallIntent) -> FirewallGround {
        FirewallGround(
            isFound: isFound,
            FirewallIntent(networks: added.networks + intent.networks, published: added.published + intent.published))
    }

    /// - Parameters: as in `FirewallIntent.on`.
    package func on(_ devices: Set<String>, _ backend: FirewallBackend) -> FirewallGround {
        FirewallGround(isFound: isFound, added.on(devices, backend))
    }
}
