import Core

extension FirewallOwner {
    private static let prefix = "mydocker-"

    /// What the rules of an endpoint carry. Bare of characters that `iptables-save` would have to quote; nil for a network,
    /// whose rules all name its bridge.
    var comment: String? {
        if case .endpoint(let id) = self { FirewallOwner.prefix + id } else { nil }
    }

    /// The endpoint that a comment names.
    init?(comment: String) {
        guard comment.hasPrefix(FirewallOwner.prefix) else { return nil }
        let id = comment.dropFirst(FirewallOwner.prefix.count)
        guard id.utf8.count == 12, id.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        self = .endpoint(String(id))
    }
}

extension FirewallRule {
    /// The endpoint that the comment names, or, without any comment, the network of the device that it goes
    /// out of or else came in by. Nil: not of this program's making.
    var owner: FirewallOwner? {
        if let comment { return FirewallOwner(comment: comment) }
        return (output ?? input).map { .network(bridge: $0.value) }
    }
}

/// The chains that this program has for itself.
enum OwnChain {
    static let prefix = "MYDOCKER-"
    /// Ours by name, the user's by content: no rule in it is ever read, changed or removed.
    static let user = "MYDOCKER-USER"

    static func holdsOwnRules(_ name: String) -> Bool { name.hasPrefix(prefix) && name != user }
}
