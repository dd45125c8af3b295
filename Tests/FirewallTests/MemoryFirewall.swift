import Core
@testable import Firewall

/// The tables of a pretend host: the same decisions as on the kernel's.
final class MemoryFirewall {
    private var tables: [FirewallTable: MemoryTable] = [
        .filter: MemoryTable(["INPUT", "FORWARD", "OUTPUT"]),
        .nat: MemoryTable(["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ]
    /// How often a table was written.
    private(set) var writes = 0

    @discardableResult
    func apply(
        _ change: FirewallChange, isStale: (FirewallOwner) -> Bool = { _ in false }
    ) throws(OperationError) -> Bool {
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

    func differences(
        from intent: FirewallIntent, isOwner: ((FirewallOwner) -> Bool)? = nil
    ) throws(OperationError) -> FirewallDifferences {
        var inspection = TableInspection(FirewallChange(establishing: intent), isOwner: isOwner)
        for name in inspection.tables { try inspection.look(at: MemoryTable(copying: tables[name]), name) }
        return inspection.differences
    }

    /// Appends a rule of somebody else.
    func append(_ rule: FirewallRule) throws(OperationError) {
        guard let table = tables[rule.table] else { return }
        try table.insert(RawRule(rule), into: rule.chain, at: table.rules(in: rule.chain).count)
    }

    /// Takes a rule away, as with `iptables -D`.
    func remove(_ rule: FirewallRule) throws(OperationError) {
        let raw = try RawRule(rule)
        guard let table = tables[rule.table], let place = table.rules(in: rule.chain).firstIndex(of: raw) else {
            throw OperationError("remove firewall rule", rule.description, reason: "it is not there")
        }
        try table.remove(at: place, from: rule.chain)
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
    var faults: [String] = []

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
