import Core

/// Where a chain does not have exactly the wanted ones of the rules that it is compared for, each once and in order: what is to go, and
/// what is to come. Where the order is nothing, what it has as it should stays.
struct ChainDifference {
    let chain: String
    /// Where those are that are to go, in order.
    let places: [Int]
    let found: [RawRule]
    let wanted: [RawRule]
}

/// How a table differs from what is wanted: the one comparison, for those who change the table and those who look.
extension TableSnapshot {
    /// - Parameter rules: of any tables; those of `owner` in all of our chains, but those of other owners, are compared with those of
    ///   this one.
    mutating func differences(
        of owner: FirewallOwner, from rules: [FirewallRule]
    ) throws(OperationError) -> [ChainDifference] {
        let key = RawRule(keyOf: owner)
        let wanted = try encodedByChain(rules)
        let own = sharedChains + Table.branches(of: owner, in: name).filter(contains)
        var differences: [ChainDifference] = []
        for chain in own + wanted.keys.filter({ !own.contains($0) }).sorted() {
            if let difference = difference(in: chain, wanted[chain] ?? [], { $0.isOwned(by: key) }) {
                differences.append(difference)
            }
        }
        return differences
    }

    /// - Parameter jumps: into our chains, out of any others.
    mutating func differences(from jumps: [FirewallRule]) throws(OperationError) -> [ChainDifference] {
        var differences: [ChainDifference] = []
        for (chain, jumps) in try encodedByChain(jumps).sorted(by: { $0.key < $1.key }) {
            if let difference = difference(in: chain, jumps, { jumps.contains($0) }) { differences.append(difference) }
        }
        return differences
    }

    private mutating func difference(
        in chain: String, _ wanted: [RawRule], _ isCompared: (RawRule) -> Bool
    ) -> ChainDifference? {
        let rules = rules(in: chain)
        let places = rules.indices.filter { isCompared(rules[$0]) }
        guard Table.isOrdered(chain) else { return unordered(chain, rules, places, wanted) }
        let found = places.map { rules[$0] }
        return found == wanted ? nil : ChainDifference(chain: chain, places: places, found: found, wanted: wanted)
    }

    private func unordered(
        _ chain: String, _ rules: [RawRule], _ places: [Int], _ wanted: [RawRule]
    ) -> ChainDifference? {
        var missing = Set(wanted)
        let surplus = places.filter { missing.remove(rules[$0]) == nil }
        if surplus.isEmpty, missing.isEmpty { return nil }
        return ChainDifference(
            chain: chain, places: surplus, found: surplus.map { rules[$0] }, wanted: wanted.filter(missing.contains))
    }

    /// The rules of this table, in their order within each chain.
    private func encodedByChain(_ rules: [FirewallRule]) throws(OperationError) -> [String: [RawRule]] {
        var result: [String: [RawRule]] = [:]
        for rule in rules where rule.table == name { result[rule.chain, default: []].append(try RawRule(rule)) }
        return result
    }
}
