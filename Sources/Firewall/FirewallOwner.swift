import Core

/// Whose something in the firewall is. It says so itself: nothing else has to be remembered to find and remove it.
package enum FirewallOwner: Hashable, Sendable, CustomStringConvertible {
    /// An endpoint, by the 12 first digits of its id.
    case endpoint(String)
    /// A network, by its bridge.
    case network(bridge: String)

    package static func endpoint(_ id: EndpointID) -> FirewallOwner { .endpoint(id.short) }

    package var description: String {
        switch self {
        case .endpoint(let id): "endpoint \(id)"
        case .network(let bridge): "network on bridge \(bridge)"
        }
    }
}
