import Core

/// A snapshot of one table that can be changed: the kernel's, or one in memory.
protocol RuleTable: AnyObject, RuleArrangement {
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
}

extension RuleTable {
    var faults: [String] { [] }
}
