import Core

/// A table as it would be. What is changed in it is written down as commands, from `isRecording` on.
final class PlannedTable<Syntax: RuleSyntax>: RuleTable {
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { Syntax.arranged(rules) }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        Syntax.branches(of: owner, in: table)
    }
    static func isBranch(_ chain: String) -> Bool { Syntax.isBranch(chain) }
    static func isOrdered(_ chain: String) -> Bool { Syntax.isOrdered(chain) }

    private struct Entry {
        let rule: RawRule
        let handle: UInt64?
        let isElement: Bool
    }

    private let name: FirewallTable
    private(set) var chains: [String]
    private var contents: [String: [Entry]] = [:]
    private(set) var commands: [ShellCommand] = []
    var isRecording = false
    /// The kernel's, changed alike and never written: it knows what gives way to what. Nil of one that nobody has used.
    private let found: (any KernelTable)?

    /// One that nobody has used.
    init(_ name: FirewallTable) {
        self.name = name
        found = nil
        chains = Syntax.builtInChains(of: name)
        for chain in chains { contents[chain] = [] }
        commands = Syntax.making(name)
    }

    init<Table: KernelTable>(_ name: FirewallTable, like table: Table) where Table.Syntax == Syntax {
        self.name = name
        found = table
        chains = table.chains
        for chain in chains {
            contents[chain] = table.rules(in: chain).enumerated().map { place, rule in
                Entry(
                    rule: rule, handle: table.handle(at: place, in: chain),
                    isElement: table.isElement(at: place, in: chain))
            }
        }
        commands = table.repairs
    }

    /// Whatever was written down before: it was done.
    func forget() { commands = [] }

    private func note(_ noted: @autoclosure () throws(OperationError) -> [ShellCommand]) throws(OperationError) {
        if isRecording { commands += try noted() }
    }

    private func entries(_ chain: String) throws(OperationError) -> [Entry] {
        guard let entries = contents[chain] else {
            throw OperationError("change firewall chain", chain, reason: "there is no such chain")
        }
        return entries
    }

    // MARK: Contents

    func contains(_ chain: String) -> Bool { contents[chain] != nil }
    func rules(in chain: String) -> [RawRule] { (contents[chain] ?? []).map(\.rule) }

    func references(to chain: String) -> Int {
        contents.values.reduce(0) { sum, entries in sum + entries.count { $0.rule.jumps(to: chain) } }
    }

    func create(_ chain: String) throws(OperationError) {
        try found?.create(chain)
        chains.append(chain)
        contents[chain] = []
        try note(Syntax.adding(chain, to: name))
    }

    func delete(_ chain: String) throws(OperationError) {
        try found?.delete(chain)
        chains.removeAll { $0 == chain }
        contents[chain] = nil
        try note(Syntax.removing(chain, from: name))
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        let others = try entries(chain)
        guard let decoded = rule.decoded(name, chain) else {
            throw OperationError("write down a rule of chain", chain, reason: "it is not one of ours")
        }
        try note(found?.displaced(by: decoded) ?? [])
        try found?.insert(rule, into: chain, at: position)
        let entry = Entry(rule: rule, handle: nil, isElement: Syntax.isElement(decoded))
        contents[chain]?.insert(entry, at: position)
        let place = others[..<position].count { !$0.isElement }
        try note([Syntax.inserting(decoded, at: place, of: others.count { !$0.isElement })])
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        let others = try entries(chain)
        let isGone = found?.isDisplaced(at: position, in: chain) ?? false
        try found?.remove(at: position, from: chain)
        contents[chain]?.remove(at: position)
        if isGone { return }
        let entry = others[position]
        let place = RulePlace(table: name, chain: chain, position: position, handle: entry.handle)
        let element = entry.isElement ? entry.rule.decoded(name, chain) : nil
        try note([Syntax.removing(element, place)])
    }
}
