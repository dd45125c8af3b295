import Core
@testable import Firewall

/// The tables of a pretend host: the same decisions as on the kernel's, for tests of whoever uses a firewall.
final class MemoryFirewall: Firewall, @unchecked Sendable {
    // Not for two threads at once: whoever tests with it has one.
    private var tables: [FirewallTable: MemoryTable] = [
        .filter: MemoryTable(["INPUT", "FORWARD", "OUTPUT"]),
        .nat: MemoryTable(["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ]
    /// How often a table was written.
    private(set) var writes = 0
    /// Thrown by every `apply` while it is set.
    var failure: OperationError?

    init() {}

    @discardableResult
    func apply(
        isStale: (FirewallOwner) -> Bool, _ change: () throws(OperationError) -> FirewallChange
    ) throws(OperationError) -> Bool {
        if let failure { throw failure }
        let change = try change()
        var hasChanged = false
        for name in change.tables {
            // On a copy, which takes the table's place only when all went well.
            let copy = MemoryTable(copying: tables[name])
            var editor = TableEditor(copy, name)
            try editor.apply(change, isStale: isStale)
            guard editor.hasChanged else { continue }
            tables[name] = copy
            writes += 1
            hasChanged = true
        }
        return hasChanged
    }

    func deviations(from change: FirewallChange) throws(OperationError) -> FirewallDeviations {
        var deviations = FirewallDeviations()
        for name in change.tables {
            var editor = TableEditor(MemoryTable(copying: tables[name]), name)
            try editor.collectDeviations(from: change, into: &deviations)
        }
        return deviations
    }

    func rules(in table: FirewallTable) throws(OperationError) -> [FirewallRule] {
        tables[table]?.ownRules(table) ?? []
    }

    /// Appends a rule of somebody else.
    func append(_ rule: FirewallRule) throws(OperationError) {
        guard let table = tables[rule.table] else { return }
        try table.insert(RawRule(rule), into: rule.chain, at: table.rules(in: rule.chain).count)
    }

    /// Rules and own chains go, as with `iptables -F` and `-X`.
    func flush(_ table: FirewallTable) {
        tables[table]?.flush()
    }

    /// As `iptables -S` prints it: policies, own chains, rules.
    func dump(_ table: FirewallTable) -> [String] {
        tables[table]?.dump(table) ?? []
    }
}

final class MemoryTable: RuleTable {
    private let builtIn: [String]
    private var contents: [String: [RawRule]]

    init(_ builtIn: [String]) {
        self.builtIn = builtIn
        contents = Dictionary(uniqueKeysWithValues: builtIn.map { ($0, []) })
    }

    init(copying other: MemoryTable?) {
        builtIn = other?.builtIn ?? []
        contents = other?.contents ?? [:]
    }

    var chains: [String] { builtIn + contents.keys.filter { !builtIn.contains($0) }.sorted() }
    func contains(_ chain: String) -> Bool { contents[chain] != nil }
    func rules(in chain: String) -> [RawRule] { contents[chain] ?? [] }
    func create(_ chain: String) throws(OperationError) { contents[chain] = [] }

    func delete(_ chain: String) throws(OperationError) {
        guard rules(in: chain).isEmpty, references(to: chain) == 0 else {
            throw OperationError("remove firewall chain", chain, reason: "in use")
        }
        contents[chain] = nil
    }

    func references(to chain: String) -> Int {
        contents.values.reduce(0) { sum, rules in sum + rules.count { RawRule.text($0.value.jump) == chain } }
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        let jump = RawRule.text(rule.value.jump)
        guard contains(chain), jump.isEmpty || contains(jump) else {
            throw OperationError("add firewall rule to chain", chain, reason: "no such chain")
        }
        contents[chain]?.insert(rule, at: position)
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        contents[chain]?.remove(at: position)
    }

    func flush() {
        contents = Dictionary(uniqueKeysWithValues: builtIn.map { ($0, []) })
    }

    func dump(_ table: FirewallTable) -> [String] {
        builtIn.map { "-P \($0) ACCEPT" } + chains.dropFirst(builtIn.count).map { "-N \($0)" }
            + chains.flatMap { chain in rules(in: chain).compactMap { $0.decoded(table, chain)?.description } }
    }
}
