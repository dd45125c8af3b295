import Core

/// A table of rules: the packets of one family that it looks at, and what for.
enum FirewallTable: Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case filter, nat
    /// The same for IPv6.
    case filter6, nat6

    /// As the kernel calls it, in either family.
    var name: String {
        switch self {
        case .filter, .filter6: "filter"
        case .nat, .nat6: "nat"
        }
    }

    var family: AddressFamily {
        switch self {
        case .filter, .nat: .ipv4
        case .filter6, .nat6: .ipv6
        }
    }

    static func filter(of family: AddressFamily) -> FirewallTable { family == .ipv4 ? .filter : .filter6 }
    static func nat(of family: AddressFamily) -> FirewallTable { family == .ipv4 ? .nat : .nat6 }

    static func all(of family: AddressFamily) -> [FirewallTable] { [filter(of: family), nat(of: family)] }

    /// `nat`, and `ip6 nat` of IPv6.
    var description: String { family == .ipv4 ? name : "ip6 \(name)" }
}
