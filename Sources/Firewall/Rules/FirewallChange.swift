/// The chains of this program, and how packets get into them.
struct FirewallLayout: Hashable, Sendable {
    struct Chain: Hashable, Sendable {
        let table: FirewallTable
        let name: String
        init(_ table: FirewallTable, _ name: String) {
            self.table = table
            self.name = name
        }
    }

    var chains: [Chain]
    /// Rules of built-in chains, in the order in which they must stand. Those of one chain that are not there
    /// exactly once and in this order are put at its head (or end) anew.
    var headJumps: [FirewallRule]
    var tailJumps: [FirewallRule]

    init(chains: [Chain], headJumps: [FirewallRule] = [], tailJumps: [FirewallRule] = []) {
        self.chains = chains
        self.headJumps = headJumps
        self.tailJumps = tailJumps
    }
}

/// A state that the tables shall be in: which owners have which rules. Applied twice it changes nothing.
struct FirewallChange: Hashable, Sendable {
    enum LayoutAction: Hashable, Sendable {
        case leave
        /// Chains and jumps are there, each once, also after somebody flushed them.
        case ensure([FirewallLayout])
        /// Chains and jumps go from every table where no rule of any owner is left.
        /// A chain with somebody else's rules, or that somebody else jumps to, stays.
        case removeUnused([FirewallLayout])
    }

    struct Ownership: Hashable, Sendable {
        let owner: FirewallOwner
        var rules: [FirewallRule]
    }

    /// Each is read once, and written once when it differs.
    let tables: [FirewallTable]
    /// Each for the tables of one family.
    let layouts: LayoutAction
    private(set) var ownerships: [Ownership] = []
    /// Whether rules of owners may be in chains where they are never put.
    var looksEverywhere = false
    /// Whether the owners have no rules yet: theirs go behind all others, whatever these are.
    var isOfNewOwners = false

    init(_ tables: [FirewallTable], layouts: LayoutAction = .leave) {
        self.tables = tables
        self.layouts = layouts
    }

    /// In these tables `owner` shall have exactly these rules, in this order within each chain.
    mutating func set(_ owner: FirewallOwner, _ rules: [FirewallRule]) {
        precondition(rules.allSatisfy { $0.owner == owner && tables.contains($0.table) })
        ownerships.append(Ownership(owner: owner, rules: rules))
    }

    /// The chains of a table that it is about; nil: all of them.
    func chains(of table: FirewallTable) -> [String]? {
        let concernsEndpointsAlone = ownerships.allSatisfy { $0.owner.comment != nil }
        guard concernsEndpointsAlone || isOfNewOwners, !looksEverywhere else { return nil }
        let own = isOfNewOwners ? [] : [table.name == "nat" ? IntentRules.publish : IntentRules.forward]
        switch layouts {
        case .leave: return own
        case .ensure(let layouts):
            let jumps = layouts.flatMap { $0.headJumps + $0.tailJumps }.filter { $0.table == table }.map(\.chain)
            return own + Set(jumps).sorted()
        case .removeUnused: return nil
        }
    }

    mutating func remove(_ owner: FirewallOwner) { set(owner, []) }
}
