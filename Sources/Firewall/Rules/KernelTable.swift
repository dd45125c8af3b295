import Core

/// What tables that are written together are read by.
protocol KernelConversation {
    init()
}

/// Why tables could not be written.
struct TableRefusal {
    /// EAGAIN: one of them has changed since it was read.
    let errno: Int32
    let error: OperationError
}

/// A table of one of the kernel's firewalls.
protocol KernelTable: RuleTable {
    associatedtype Syntax: RuleSyntax
    associatedtype Conversation: KernelConversation
    /// Whether anybody has used the table yet.
    static func isUsed(_ name: FirewallTable, _ conversation: Conversation) throws(OperationError) -> Bool
    /// - Parameter scope: what is looked at, where the kernel gives it out one by one.
    init(_ name: FirewallTable, _ scope: RuleScope, _ conversation: Conversation) throws(OperationError)
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
    /// Writes all changes of each table at once, and of all tables where the kernel can.
    /// - Parameter tables: of one conversation.
    /// - Returns: nil when all of them are written. Of those in front of the one that was refused some may be.
    static func write(_ tables: [Self]) throws(OperationError) -> TableRefusal?
}

extension KernelTable {
    init(_ name: FirewallTable, _ scope: RuleScope = .everything) throws(OperationError) {
        try self.init(name, scope, Conversation())
    }
    static func isUsed(_ name: FirewallTable) throws(OperationError) -> Bool { try isUsed(name, Conversation()) }
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
