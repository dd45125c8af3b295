import Core

/// Brings one table into a wanted state with the fewest changes, and knows whether there were any.
struct TableEditor<Table: RuleTable> {
    private var snapshot: TableSnapshot<Table>

    init(_ table: Table, _ name: FirewallTable) { snapshot = TableSnapshot(table, name) }

    var hasChanged: Bool { snapshot.hasChanged }

    mutating func apply(_ change: FirewallChange, isStale: (FirewallOwner) -> Bool) throws(OperationError) {
        if case .ensure(let layouts) = change.layouts { for layout in layouts { try ensure(layout) } }
        for ownership in change.ownerships {
            try reclaim(ownership, removed: change.ownerships, isStale: isStale)
        }
        for ownership in change.ownerships { try set(ownership.owner, ownership.rules) }
        if case .removeUnused(let layouts) = change.layouts { for layout in layouts { try removeUnused(layout) } }
    }

    /// Takes rules away, whoever has made them.
    /// - Returns: these rules.
    mutating func remove(where isMeant: (FirewallRule) -> Bool) throws(OperationError) -> [FirewallRule] {
        var removed: [FirewallRule] = []
        for chain in snapshot.chains {
            let rules = snapshot.rules(in: chain).map { $0.decoded(snapshot.name, chain) }
            let places = rules.indices.filter { rules[$0].map(isMeant) ?? false }
            removed += places.compactMap { rules[$0] }
            try snapshot.remove(at: places, from: chain)
        }
        return removed
    }

    // MARK: Layout

    private mutating func ensure(_ layout: FirewallLayout) throws(OperationError) {
        for chain in layout.chains where chain.table == snapshot.name && !snapshot.contains(chain.name) {
            try snapshot.create(chain.name)
        }
        for difference in try snapshot.differences(from: layout.headJumps) { try replace(difference) { _ in 0 } }
        for difference in try snapshot.differences(from: layout.tailJumps) { try replace(difference) { $0 } }
    }

    private mutating func removeUnused(_ layout: FirewallLayout) throws(OperationError) {
        let chains = layout.chains.filter { $0.table == snapshot.name && snapshot.contains($0.name) }.map(\.name)
        for chain in chains where OwnChain.holdsOwnRules(chain) && !snapshot.rules(in: chain).isEmpty { return }
        for chain in chains where snapshot.rules(in: chain).isEmpty {
            try removeJumps(to: chain, of: layout)
            if !snapshot.isReferred(to: chain) { try snapshot.delete(chain) }
        }
    }

    private mutating func removeJumps(to target: String, of layout: FirewallLayout) throws(OperationError) {
        let jumps = (layout.headJumps + layout.tailJumps).filter {
            $0.table == snapshot.name && $0.target == .jump(target)
        }
        for jump in jumps {
            let raw = try RawRule(jump)
            let rules = snapshot.rules(in: jump.chain)
            try snapshot.remove(at: rules.indices.filter { rules[$0] == raw }, from: jump.chain)
        }
    }

    // MARK: Owners

    /// Rules stay where the first of the owner's was, so that a repair does not move a network behind another. What an endpoint lets in is
    /// asked before its network keeps the rest out.
    private mutating func set(_ owner: FirewallOwner, _ rules: [FirewallRule]) throws(OperationError) {
        let wanted = Table.arranged(rules)
        let branches = Table.branches(of: owner, in: snapshot.name)
        let filled = Set(wanted.filter { $0.table == snapshot.name }.map(\.chain))
        for branch in branches where filled.contains(branch) && !snapshot.contains(branch) {
            try snapshot.create(branch)
        }
        for difference in try snapshot.differences(of: owner, from: wanted) {
            let isInFront = owner.comment != nil && difference.chain == IntentRules.forward
            try replace(difference) { difference.places.first ?? (isInFront ? 0 : $0) }
        }
        for branch in branches where !filled.contains(branch) { try delete(branch) }
    }

    /// What others have put into it stays, and it does with that.
    private mutating func delete(_ branch: String) throws(OperationError) {
        guard snapshot.contains(branch), snapshot.rules(in: branch).isEmpty, !snapshot.isReferred(to: branch) else {
            return
        }
        try snapshot.delete(branch)
    }

    /// - Parameter place: where the wanted rules go, by the number of the chain's other rules.
    private mutating func replace(_ difference: ChainDifference, place: (Int) -> Int) throws(OperationError) {
        try snapshot.remove(at: difference.places, from: difference.chain)
        let others = snapshot.rules(in: difference.chain).count
        try snapshot.insert(difference.wanted, into: difference.chain, at: place(others))
    }

    /// Finds rules of others that publish what `ownership` is about to, and takes those of stale owners away.
    private mutating func reclaim(
        _ ownership: FirewallChange.Ownership, removed: [FirewallChange.Ownership], isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) {
        let key = RawRule(keyOf: ownership.owner)
        for rule in ownership.rules where rule.table == snapshot.name {
            let raw = try RawRule(rule)
            let isRival = { (other: RawRule) in !other.isOwned(by: key) && other.publishesTheSame(as: raw) }
            while let other = snapshot.rules(in: rule.chain).first(where: isRival) {
                guard let owner = other.decoded(snapshot.name, rule.chain)?.owner, owner != ownership.owner,
                    removed.contains(where: { $0.owner == owner && $0.rules.isEmpty }) || isStale(owner)
                else { throw conflict(rule, with: other) }
                try set(owner, [])
            }
        }
    }

    private func conflict(_ rule: FirewallRule, with other: RawRule) -> OperationError {
        let taken = other.decoded(snapshot.name, rule.chain)
        let holder =
            switch taken?.owner {
            case .endpoint(let id): "endpoint \(id) has it"
            default: "taken by firewall rule \(taken?.description ?? "?")"
            }
        return OperationError("publish port", rule.publishedPort, reason: holder)
    }
}

extension FirewallRule {
    /// `80/tcp`, `8000-8010/udp`.
    fileprivate var publishedPort: String {
        guard let transport, let ports else { return "all" }
        let range = ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
        return "\(range)/\(transport.rawValue)"
    }
}
