import Core

/// Brings one table into a wanted state with the fewest changes, and knows whether there were any.
struct TableEditor<Table: RuleTable> {
    private let table: Table
    private let name: FirewallTable
    private(set) var hasChanged = false
    /// Chains as they are now: each is decoded once.
    private var contents: [String: [RawRule]] = [:]

    init(_ table: Table, _ name: FirewallTable) {
        self.table = table
        self.name = name
    }

    mutating func apply(_ change: FirewallChange, isStale: (FirewallOwner) -> Bool) throws(OperationError) {
        if case .ensure(let layout) = change.layout { try ensure(layout) }
        for ownership in change.ownerships {
            try reclaim(ownership, removed: change.ownerships, isStale: isStale)
        }
        for ownership in change.ownerships {
            try set(ownership.owner, ownership.rules.filter { $0.table == name })
        }
        if case .removeUnused(let layout) = change.layout { try removeUnused(layout) }
    }

    /// Finds out what `apply` would change, by changing this snapshot.
    mutating func collectDeviations(
        from change: FirewallChange, into deviations: inout FirewallDeviations
    ) throws(OperationError) {
        if case .ensure(let layout) = change.layout { try ensure(layout) }
        deviations.isLayoutWrong = deviations.isLayoutWrong || hasChanged
        for ownership in change.ownerships {
            hasChanged = false
            try set(ownership.owner, ownership.rules.filter { $0.table == name })
            if hasChanged, !deviations.owners.contains(ownership.owner) { deviations.owners.append(ownership.owner) }
        }
    }

    // MARK: Layout

    private mutating func ensure(_ layout: FirewallLayout) throws(OperationError) {
        for chain in layout.chains where chain.table == name && !table.contains(chain.name) {
            try table.create(chain.name)
            hasChanged = true
        }
        try ensure(layout.headJumps) { _ in 0 }
        try ensure(layout.tailJumps) { $0 }
    }

    /// - Parameter place: where they go when they are not right, by the number of the chain's other rules.
    private mutating func ensure(_ jumps: [FirewallRule], place: (Int) -> Int) throws(OperationError) {
        for (chain, jumps) in try encodedByChain(jumps) {
            let places = rules(in: chain).indices { jumps.contains($0) }
            if places.map({ rules(in: chain)[$0] }) == jumps { continue }
            try remove(at: places, from: chain)
            try insert(jumps, into: chain, at: place(rules(in: chain).count))
        }
    }

    private mutating func removeUnused(_ layout: FirewallLayout) throws(OperationError) {
        let chains = layout.chains.filter { $0.table == name && table.contains($0.name) }.map(\.name)
        guard !chains.contains(where: { OwnChain.holdsOwnRules($0) && !rules(in: $0).isEmpty }) else { return }
        for chain in chains where rules(in: chain).isEmpty {
            try removeJumps(to: chain, of: layout)
            if table.references(to: chain) > 0 { continue }
            try table.delete(chain)
            contents[chain] = nil
            hasChanged = true
        }
    }

    private mutating func removeJumps(to target: String, of layout: FirewallLayout) throws(OperationError) {
        let jumps = (layout.headJumps + layout.tailJumps).filter { $0.target == .jump(target) }
        for (chain, jumps) in try encodedByChain(jumps) {
            try remove(at: rules(in: chain).indices { jumps.contains($0) }, from: chain)
        }
    }

    // MARK: Owners

    /// Rules stay where the first of the owner's was, so that a repair does not move a network behind another.
    private mutating func set(_ owner: FirewallOwner, _ wanted: [FirewallRule]) throws(OperationError) {
        let key = RawRule(keyOf: owner)
        let wanted = try encodedByChain(wanted)
        let own = table.chains.filter(OwnChain.holdsOwnRules)
        for chain in own + wanted.keys.filter({ !own.contains($0) }).sorted() {
            let places = rules(in: chain).indices { $0.isOwned(by: key) }
            let rules = wanted[chain] ?? []
            if places.map({ self.rules(in: chain)[$0] }) == rules { continue }
            try remove(at: places, from: chain)
            try insert(rules, into: chain, at: places.first ?? self.rules(in: chain).count)
        }
    }

    /// Finds rules of others that publish what `ownership` is about to, and takes those of stale owners away.
    private mutating func reclaim(
        _ ownership: FirewallChange.Ownership, removed: [FirewallChange.Ownership], isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) {
        let key = RawRule(keyOf: ownership.owner)
        for rule in ownership.rules where rule.table == name {
            let raw = try RawRule(rule)
            let isRival = { (other: RawRule) in !other.isOwned(by: key) && other.publishesTheSame(as: raw) }
            while let other = rules(in: rule.chain).first(where: isRival) {
                guard let owner = other.decoded(name, rule.chain)?.owner, owner != ownership.owner,
                    removed.contains(where: { $0.owner == owner && $0.rules.isEmpty }) || isStale(owner)
                else { throw conflict(rule, with: other) }
                try set(owner, [])
            }
        }
    }

    private func conflict(_ rule: FirewallRule, with other: RawRule) -> OperationError {
        let taken = other.decoded(name, rule.chain)
        let holder =
            switch taken?.owner {
            case .endpoint(let id): "endpoint \(id) has it"
            default: "taken by firewall rule \(taken?.description ?? "?")"
            }
        return OperationError("publish port", rule.publishedPort, reason: holder)
    }

    // MARK: Changes

    private mutating func rules(in chain: String) -> [RawRule] {
        if let rules = contents[chain] { return rules }
        let rules = table.rules(in: chain)
        contents[chain] = rules
        return rules
    }

    private mutating func insert(_ rules: [RawRule], into chain: String, at position: Int) throws(OperationError) {
        for (offset, rule) in rules.enumerated() { try table.insert(rule, into: chain, at: position + offset) }
        if rules.isEmpty { return }
        contents[chain]?.insert(contentsOf: rules, at: position)
        hasChanged = true
    }

    private mutating func remove(at places: [Int], from chain: String) throws(OperationError) {
        for place in places.reversed() {
            try table.remove(at: place, from: chain)
            contents[chain]?.remove(at: place)
            hasChanged = true
        }
    }

    /// The rules of this table, in their order within each chain.
    private func encodedByChain(_ rules: [FirewallRule]) throws(OperationError) -> [String: [RawRule]] {
        var result: [String: [RawRule]] = [:]
        for rule in rules where rule.table == name { result[rule.chain, default: []].append(try RawRule(rule)) }
        return result
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

extension [RawRule] {
    fileprivate func indices(where condition: (RawRule) -> Bool) -> [Int] { indices.filter { condition(self[$0]) } }
}
