import Core

/// A table as it would be. What is changed in it is written down as commands, from `isRecording` on.
final class PlannedTable<Syntax: RuleSyntax>: RuleTable {
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { Syntax.arranged(rules) }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        Syntax.branches(of: owner, in: table)
    }

    private struct Entry {
        let rule: RawRule
        let handle: UInt64?
    }

    private let name: FirewallTable
    private var contents: [(chain: String, rules: [Entry])]
    private(set) var commands: [ShellCommand] = []
    var isRecording = false

    /// One that nobody has used.
    init(_ name: FirewallTable) {
        self.name = name
        contents = Syntax.builtInChains(of: name).map { ($0, []) }
        commands = Syntax.making(name)
    }

    init<Table: KernelTable>(_ name: FirewallTable, like table: Table) where Table.Syntax == Syntax {
        self.name = name
        contents = table.chains.map { chain in
            let rules = table.rules(in: chain)
            return (chain, rules.indices.map { Entry(rule: rules[$0], handle: table.handle(at: $0, in: chain)) })
        }
    }

    /// Whatever was written down before: it was done.
    func forget() { commands = [] }

    private func note(_ noted: @autoclosure () throws(OperationError) -> [ShellCommand]) throws(OperationError) {
        if isRecording { commands += try noted() }
    }

    /// The place among those that the tool lists.
    private func listed(_ entries: ArraySlice<Entry>, _ chain: String) -> Int {
        entries.count { entry in entry.rule.decoded(name, chain).map { !Syntax.isElement($0) } ?? true }
    }

    private func place(_ chain: String) throws(OperationError) -> Int {
        guard let place = contents.firstIndex(where: { $0.chain == chain }) else {
            throw OperationError("change firewall chain", chain, reason: "there is no such chain")
        }
        return place
    }

    // MARK: Contents

    var chains: [String] { contents.map(\.chain) }
    func contains(_ chain: String) -> Bool { contents.contains { $0.chain == chain } }
    func rules(in chain: String) -> [RawRule] { contents.first { $0.chain == chain }?.rules.map(\.rule) ?? [] }

    func references(to chain: String) -> Int {
        contents.reduce(0) { sum, chains in sum + chains.rules.count { $0.rule.jumps(to: chain) } }
    }

    func create(_ chain: String) throws(OperationError) {
        contents.append((chain, []))
        try note(Syntax.adding(chain, to: name))
    }

    func delete(_ chain: String) throws(OperationError) {
        contents.remove(at: try place(chain))
        try note(Syntax.removing(chain, from: name))
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        let place = try place(chain)
        let others = contents[place].rules
        guard let decoded = rule.decoded(name, chain) else {
            throw OperationError("write down a rule of chain", chain, reason: "it is not one of ours")
        }
        contents[place].rules.insert(Entry(rule: rule, handle: nil), at: position)
        try note([
            Syntax.inserting(decoded, at: listed(others[..<position], chain), of: listed(others[...], chain))
        ])
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        let entry = contents[try place(chain)].rules.remove(at: position)
        let place = RulePlace(table: name, chain: chain, position: position, handle: entry.handle)
        try note([Syntax.removing(entry.rule.decoded(name, chain), place)])
    }
}
