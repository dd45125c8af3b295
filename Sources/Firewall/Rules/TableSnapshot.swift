import Core

/// One table as it was read and, when it is changed here, as it will be: each chain is decoded once.
struct TableSnapshot<Table: RuleTable> {
    private let table: Table
    let name: FirewallTable
    private(set) var hasChanged = false
    private var contents: [String: [RawRule]] = [:]
    /// Of ours those that are not an owner's own.
    private(set) var sharedChains: [String]

    init(_ table: Table, _ name: FirewallTable) {
        self.table = table
        self.name = name
        sharedChains = table.chains.filter { Self.isShared($0) }
    }

    private static func isShared(_ chain: String) -> Bool { OwnChain.holdsOwnRules(chain) && !Table.isBranch(chain) }

    var chains: [String] { table.chains }
    func contains(_ chain: String) -> Bool { table.contains(chain) }
    func isReferred(to chain: String) -> Bool { table.references(to: chain) > 0 }

    /// None of a chain that is not there.
    mutating func rules(in chain: String) -> [RawRule] {
        if let rules = contents[chain] { return rules }
        let rules = table.contains(chain) ? table.rules(in: chain) : []
        contents[chain] = rules
        return rules
    }

    // MARK: Changes

    mutating func create(_ chain: String) throws(OperationError) {
        try table.create(chain)
        if Self.isShared(chain) { sharedChains.append(chain) }
        contents[chain] = nil
        hasChanged = true
    }

    mutating func delete(_ chain: String) throws(OperationError) {
        try table.delete(chain)
        sharedChains.removeAll { $0 == chain }
        contents[chain] = nil
        hasChanged = true
    }

    mutating func insert(_ rules: [RawRule], into chain: String, at position: Int) throws(OperationError) {
        for (offset, rule) in rules.enumerated() { try table.insert(rule, into: chain, at: position + offset) }
        if rules.isEmpty { return }
        contents[chain]?.insert(contentsOf: rules, at: position)
        hasChanged = true
    }

    mutating func remove(at places: [Int], from chain: String) throws(OperationError) {
        for place in places.reversed() {
            try table.remove(at: place, from: chain)
            contents[chain]?.remove(at: place)
            hasChanged = true
        }
    }
}
