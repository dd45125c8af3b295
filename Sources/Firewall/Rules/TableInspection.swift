import Core

/// Looks through one table after the other for what differs from a change, and changes nothing.
struct TableInspection {
    private let change: FirewallChange
    private let isOwner: ((FirewallOwner) -> Bool)?
    private var found = FirewallDifferences()
    private var isInUse = false
    /// Jumps into our chains that nothing is in.
    private var jumps: [String] = []

    /// - Parameter isOwner: as in `Firewall.differences`.
    init(_ change: FirewallChange, isOwner: ((FirewallOwner) -> Bool)?) {
        self.change = change
        self.isOwner = isOwner
    }

    /// Those that have to be looked at.
    var tables: [FirewallTable] { isOwner == nil ? change.tables : FirewallTable.allCases }

    /// Whether something is to be there.
    func isWanted(_ table: FirewallTable) -> Bool { !change.ownerships.isEmpty && change.tables.contains(table) }

    /// Of all tables that were looked at.
    var differences: FirewallDifferences {
        var differences = found
        if change.ownerships.isEmpty && !isInUse { differences.unusedFrame = jumps }
        return differences
    }

    mutating func look<Table: RuleTable>(at table: Table, _ name: FirewallTable) throws(OperationError) {
        if isWanted(name) {
            found.faults += table.faults.map { .init("table \(name.description)", $0) }
        }
        var snapshot = TableSnapshot(table, name)
        if case .ensure(let layouts) = change.layouts {
            for difference in try snapshot.differences(from: layouts.flatMap { $0.headJumps + $0.tailJumps }) {
                found.faults.append(
                    .init(
                        "\(name.description) \(difference.chain)",
                        "the jumps to our chains are not there, each once and in order"))
            }
        }
        for ownership in change.ownerships {
            let differences = try snapshot.differences(of: ownership.owner, from: Table.arranged(ownership.rules))
            if !differences.isEmpty { found.add(differences.flatMap { $0.missing(name) }, of: ownership.owner) }
        }
        if let isOwner { lookForStrays(&snapshot, isOwner) }
    }

    private mutating func lookForStrays(
        _ snapshot: inout TableSnapshot<some RuleTable>, _ isOwner: (FirewallOwner) -> Bool
    ) {
        var owners: [FirewallOwner: [FirewallRule]] = [:]
        for chain in snapshot.chains {
            let rules = snapshot.rules(in: chain)
            if OwnChain.holdsOwnRules(chain) {
                isInUse = isInUse || !rules.isEmpty
                for rule in rules.compactMap({ $0.decoded(snapshot.name, chain) }) {
                    if let owner = rule.owner { owners[owner, default: []].append(rule) }
                }
            } else if !chain.hasPrefix(OwnChain.prefix) {
                let jumps = rules.filter { $0.ownChainThatItJumpsTo.map { snapshot.rules(in: $0).isEmpty } ?? false }
                self.jumps += jumps.compactMap { $0.decoded(snapshot.name, chain)?.entry }
            }
        }
        for (owner, rules) in owners where !isOwner(owner) {
            found.strays += rules.map { .init(of: owner, $0.entry) }
        }
    }
}

extension ChainDifference {
    fileprivate func missing(_ table: FirewallTable) -> [String] {
        wanted.filter { !found.contains($0) }.compactMap { $0.decoded(table, chain)?.entry }
    }
}

extension FirewallRule {
    /// With its table.
    fileprivate var entry: String { "\(table) \(self)" }
}

extension RawRule {
    fileprivate var ownChainThatItJumpsTo: String? {
        let chain = RawRule.text(value.jump)
        return chain.hasPrefix(OwnChain.prefix) ? chain : nil
    }
}
