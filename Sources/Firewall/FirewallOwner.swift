import Core

/// Whose rule it is. The rule itself says so: nothing else has to be remembered to find and remove it.
package enum FirewallOwner: Hashable, Sendable, CustomStringConvertible {
    /// An endpoint, by the 12 first digits of its id, which its rules carry in a comment.
    case endpoint(String)
    /// A network, by its bridge: every rule of a network names that device, so that it needs no comment.
    case network(bridge: String)

    package static func endpoint(_ id: EndpointID) -> FirewallOwner { .endpoint(id.short) }

    private static let prefix = "mydocker-"

    /// Bare of characters that `iptables-save` would have to quote; nil for a network.
    package var comment: String? {
        if case .endpoint(let id) = self { FirewallOwner.prefix + id } else { nil }
    }

    /// The endpoint that a comment names.
    package init?(comment: String) {
        guard comment.hasPrefix(FirewallOwner.prefix) else { return nil }
        let id = comment.dropFirst(FirewallOwner.prefix.count)
        guard id.utf8.count == 12, id.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        self = .endpoint(String(id))
    }

    package var description: String {
        switch self {
        case .endpoint(let id): "endpoint \(id)"
        case .network(let bridge): "network on bridge \(bridge)"
        }
    }
}

extension FirewallRule {
    /// The endpoint that the comment names, or, without any comment, the network of the device that it goes
    /// out of or else came in by. Nil: not of this program's making.
    package var owner: FirewallOwner? {
        if let comment { return FirewallOwner(comment: comment) }
        return (output ?? input).map { .network(bridge: $0.value) }
    }
}

/// The chains that this program has for itself.
package enum OwnChain {
    package static let prefix = "MYDOCKER-"
    /// Ours by name, the user's by content: no rule in it is ever read, changed or removed.
    package static let user = "MYDOCKER-USER"

    static func holdsOwnRules(_ name: String) -> Bool { name.hasPrefix(prefix) && name != user }
}
