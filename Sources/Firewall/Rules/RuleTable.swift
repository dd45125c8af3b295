import Core

/// A snapshot of one table that can be changed: the kernel's, or one in memory.
protocol RuleTable: AnyObject {
    var chains: [String] { get }
    func contains(_ chain: String) -> Bool
    func create(_ chain: String) throws(OperationError)
    /// Only an empty chain that nothing jumps to can go.
    func delete(_ chain: String) throws(OperationError)
    /// Not 0 where rules jump to it.
    func references(to chain: String) -> Int
    func rules(in chain: String) -> [RawRule]
    /// Positions count from 0.
    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError)
    func remove(at position: Int, from chain: String) throws(OperationError)
    /// Why packets do not meet its rules until it is written, as somebody has taken something of it away.
    var faults: [String] { get }
    /// Rules as they stand in such a table, with those that lead to them.
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule]
    /// The chains that are an owner's own; they are there as long as there is something in them.
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String]
    /// Whether it is a chain of an owner's own.
    static func isBranch(_ chain: String) -> Bool
}

extension RuleTable {
    var faults: [String] { [] }
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { rules }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] { [] }
    static func isBranch(_ chain: String) -> Bool { false }
}

/// A table of one of the kernel's firewalls.
protocol KernelTable: RuleTable {
    associatedtype Syntax: RuleSyntax
    /// Whether anybody has used the table yet.
    static func isUsed(_ name: FirewallTable) throws(OperationError) -> Bool
    /// - Parameter scope: what is looked at, where the kernel gives it out one by one; nil: all.
    init(_ name: FirewallTable, _ scope: RuleScope?) throws(OperationError)
    /// By which a rule is called by the firewall's tool, where that has such numbers.
    func handle(at position: Int, in chain: String) -> UInt64?
    /// Whether it is told beside the chain's list.
    func isElement(at position: Int, in chain: String) -> Bool
    /// How `faults` are put right.
    var repairs: [ShellCommand] { get }
    /// Writes all changes at once.
    /// - Returns: 0 or an errno. EAGAIN: it has changed since it was read, and nothing was written.
    func commit() -> Int32
    func cannotCommit(errno: Int32) -> OperationError
}

extension KernelTable {
    init(_ name: FirewallTable) throws(OperationError) { try self.init(name, nil) }
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { Syntax.arranged(rules) }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        Syntax.branches(of: owner, in: table)
    }
    static func isBranch(_ chain: String) -> Bool { Syntax.isBranch(chain) }
    func isElement(at position: Int, in chain: String) -> Bool { false }
    var repairs: [ShellCommand] { [] }
}
