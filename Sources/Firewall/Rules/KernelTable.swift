import Core

/// A table of one of the kernel's firewalls.
protocol KernelTable: RuleTable {
    associatedtype Syntax: RuleSyntax
    /// Whether anybody has used the table yet.
    static func isUsed(_ name: FirewallTable) throws(OperationError) -> Bool
    /// - Parameter scope: what is looked at, where the kernel gives it out one by one.
    init(_ name: FirewallTable, _ scope: RuleScope) throws(OperationError)
    /// By which a rule is called by the firewall's tool, where that has such numbers.
    func handle(at position: Int, in chain: String) -> UInt64?
    /// Whether it is told beside the chain's list.
    func isElement(at position: Int, in chain: String) -> Bool
    /// What a rule is not had beside, whoever has made it: inserting the rule takes that away, too.
    func displaced(by rule: FirewallRule) throws(OperationError) -> [ShellCommand]
    /// Whether that has been taken away so.
    func isDisplaced(at position: Int, in chain: String) -> Bool
    /// How `faults` are put right.
    var repairs: [ShellCommand] { get }
    /// Writes all changes at once.
    /// - Returns: 0 or an errno. EAGAIN: it has changed since it was read, and nothing was written.
    func commit() -> Int32
    func cannotCommit(errno: Int32) -> OperationError
}

extension KernelTable {
    init(_ name: FirewallTable) throws(OperationError) { try self.init(name, .everything) }
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { Syntax.arranged(rules) }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        Syntax.branches(of: owner, in: table)
    }
    static func isBranch(_ chain: String) -> Bool { Syntax.isBranch(chain) }
    static func isOrdered(_ chain: String) -> Bool { Syntax.isOrdered(chain) }
    func isElement(at position: Int, in chain: String) -> Bool { false }
    func displaced(by rule: FirewallRule) throws(OperationError) -> [ShellCommand] { [] }
    func isDisplaced(at position: Int, in chain: String) -> Bool { false }
    var repairs: [ShellCommand] { [] }
}
