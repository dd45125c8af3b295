import Core

/// How rules stand in a table.
protocol RuleArrangement {
    /// Rules where they stand, with those that lead to them.
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule]
    /// The chains that are an owner's own; they are there as long as there is something in them.
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String]
    /// Whether it is a chain of an owner's own.
    static func isBranch(_ chain: String) -> Bool
    /// Whether an owner's rules in it must have the order in which they are wanted.
    static func isOrdered(_ chain: String) -> Bool
}

/// All in the chains that owners share.
extension RuleArrangement {
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { rules }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] { [] }
    static func isBranch(_ chain: String) -> Bool { false }
    static func isOrdered(_ chain: String) -> Bool { true }
}
