/// The chains of this program, and how packets get into them.
package struct FirewallLayout: Hashable, Sendable {
    package struct Chain: Hashable, Sendable {
        package let table: FirewallTable
        package let name: String
        package init(_ table: FirewallTable, _ name: String) {
            self.table = table
            self.name = name
        }
    }

    package var chains: [Chain]
    /// Rules of built-in chains, in the order in which they must stand. Those of one chain that are not there
    /// exactly once and in this order are put at its head (or end) anew.
    package var headJumps: [FirewallRule]
    package var tailJumps: [FirewallRule]

    package init(chains: [Chain], headJumps: [FirewallRule] = [], tailJumps: [FirewallRule] = []) {
        self.chains = chains
        self.headJumps = headJumps
        self.tailJumps = tailJumps
    }
}

/// A state that the tables shall be in: which owners have which rules. Applied twice it changes nothing.
package struct FirewallChange: Hashable, Sendable {
    package enum LayoutAction: Hashable, Sendable {
        case leave
        /// Chains and jumps are there, each once, also after somebody flushed them.
        case ensure(FirewallLayout)
        /// Chains and jumps go from every table where no rule of any owner is left.
        /// A chain with somebody else's rules, or that somebody else jumps to, stays.
        case removeUnused(FirewallLayout)
    }

    package struct Ownership: Hashable, Sendable {
        package let owner: FirewallOwner
        package var rules: [FirewallRule]
    }

    /// Each is read once, and written once when it differs.
    package let tables: [FirewallTable]
    package var layout: LayoutAction
    package private(set) var ownerships: [Ownership] = []

    package init(_ tables: [FirewallTable], layout: LayoutAction = .leave) {
        self.tables = tables
        self.layout = layout
    }

    /// In these tables `owner` shall have exactly these rules, in this order within each chain.
    package mutating func set(_ owner: FirewallOwner, _ rules: [FirewallRule]) {
        precondition(rules.allSatisfy { $0.owner == owner && tables.contains($0.table) })
        ownerships.append(Ownership(owner: owner, rules: rules))
    }

    package mutating func remove(_ owner: FirewallOwner) { set(owner, []) }
}
