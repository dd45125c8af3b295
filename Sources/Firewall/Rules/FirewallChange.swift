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

    init(_ tables: [FirewallTable], layouts: LayoutAction = .leave) {
        self.tables = tables
        self.layouts = layouts
    }

    /// In these tables `owner` shall have exactly these rules, in this order within each chain.
    mutating func set(_ owner: FirewallOwner, _ rules: [FirewallRule]) {
        precondition(rules.allSatisfy { $0.owner == owner && tables.contains($0.table) })
        ownerships.append(Ownership(owner: owner, rules: rules))
    }

    var scope: RuleScope {
        let isSmall = !looksEverywhere && ownerships.count <= Self.fewOwners
        switch layouts {
        case .leave: return RuleScope(ownerships: ownerships, isWhole: !isSmall)
        case .ensure(let layouts):
            let jumps = layouts.flatMap { $0.headJumps + $0.tailJumps }
            return RuleScope(
                ownerships: ownerships, chains: jumps.map { .init($0.table, $0.chain) }, isWhole: !isSmall,
                isMended: true)
        case .removeUnused: return RuleScope(ownerships: ownerships, isWhole: true)
        }
    }

    /// Of more of them it is less to read everything at once.
    private static let fewOwners = 4

    mutating func remove(_ owner: FirewallOwner) { set(owner, []) }
}

/// What of the tables a change is about.
struct RuleScope {
    /// Owners, with what they shall have.
    var ownerships: [FirewallChange.Ownership] = []
    /// Others that are looked at.
    var chains: [FirewallLayout.Chain] = []
    /// Whether all of a table is looked at, whatever else is said.
    var isWhole = false
    /// Whether what keeps packets from the rules is put right: by those alone who see to the jumps, too.
    var isMended = false

    /// For those who only look.
    static let everything = RuleScope(isWhole: true, isMended: true)
}
