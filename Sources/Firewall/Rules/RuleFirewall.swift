import Core
import Glibc
import Linux

typealias IPTablesFirewall = RuleFirewall<IPTablesTable>

/// A firewall whose rules are those of `IntentRules`, in the network namespace that the calling thread is in. All programs of ours, and
/// those of iptables, take turns by one lock.
struct RuleFirewall<Table: KernelTable>: Firewall {
    private let lockPath: String
    private let patience: LockPatience

    /// - Parameters:
    ///   - lockPath: nil for the one that iptables itself would take.
    ///   - lockMilliseconds: how long to wait for the xtables lock.
    init(lockPath: String? = nil, lockMilliseconds: Int64 = 10_000) {
        self.lockPath = lockPath ?? LockPatience.path
        patience = LockPatience(milliseconds: lockMilliseconds)
    }

    @discardableResult
    func establish(
        isStale: (FirewallOwner) -> Bool, _ intent: () throws(OperationError) -> FirewallIntent
    ) throws(OperationError) -> Bool {
        try apply(isStale: isStale) { () throws(OperationError) in
            FirewallChange(establishing: try intent())
        }
    }

    func withdraw(
        _ owner: FirewallOwner, of families: [AddressFamily], withOpenPorts: Bool
    ) throws(OperationError) {
        try apply(onlyUsed: true) {
            FirewallChange(withdrawing: owner, of: families, withOpenPorts: withOpenPorts)
        }
    }

    func clear(_ owners: [FirewallOwner], withFrame: Bool) throws(OperationError) {
        try apply(onlyUsed: true) { FirewallChange(clearing: owners, withChains: withFrame) }
    }

    func hasUserRules(of families: [AddressFamily]) throws(OperationError) -> Bool {
        let conversation = Table.Conversation()
        for family in families {
            let name = FirewallTable.filter(of: family)
            guard try Table.isUsed(name, conversation) else { continue }
            let table = try Table(name, RuleScope(chains: [.init(name, OwnChain.user)]), conversation)
            if table.contains(OwnChain.user), !table.rules(in: OwnChain.user).isEmpty { return true }
        }
        return false
    }

    /// A reader needs no lock: the kernel gives a table out whole. One that nobody has used yet would be made by asking.
    func differences(
        from intent: FirewallIntent, isOwner: ((FirewallOwner) -> Bool)?
    ) throws(OperationError) -> FirewallDifferences {
        let change = FirewallChange(establishing: intent)
        var inspection = TableInspection(change, isOwner: isOwner)
        let conversation = Table.Conversation()
        for name in inspection.tables {
            if !inspection.isWanted(name) { guard try Table.isUsed(name, conversation) else { continue } }
            let scope = isOwner == nil ? change.scope : .everything
            try inspection.look(at: Table(name, scope, conversation), name)
        }
        return inspection.differences
    }

    /// Holds the xtables lock while `change` is asked and the tables are written.
    /// - Parameter onlyUsed: a table that nobody has used stays unused.
    @discardableResult
    func apply(
        isStale: (FirewallOwner) -> Bool = { _ in false }, onlyUsed: Bool = false,
        _ change: () throws(OperationError) -> FirewallChange
    ) throws(OperationError) -> Bool {
        let lock = try patience.takeLock(lockPath)
        let change = try change()
        let conversation = Table.Conversation()
        var tables: [FirewallTable] = []
        for table in change.tables {
            if onlyUsed { guard try Table.isUsed(table, conversation) else { continue } }
            tables.append(table)
        }
        let hasChanged = try write(to: tables, by: conversation, scope: change.scope) { editor throws(OperationError) in
            try editor.apply(change, isStale: isStale)
        }
        _ = consume lock
        return hasChanged
    }

    /// Changes one table by hand, with the xtables lock held. It may be asked several times.
    func edit(
        _ name: FirewallTable, _ change: (inout TableEditor<Table>) throws(OperationError) -> Void
    ) throws(OperationError) {
        let lock = try patience.takeLock(lockPath)
        _ = try write(to: [name], by: Table.Conversation(), scope: RuleScope(isWhole: true), change)
        _ = consume lock
    }

    /// From a fresh read each time: somebody without the lock may have written in between.
    private func write(
        to names: [FirewallTable], by conversation: Table.Conversation, scope: RuleScope,
        _ change: (inout TableEditor<Table>) throws(OperationError) -> Void
    ) throws(OperationError) -> Bool {
        var pause = Pause()
        var attempt = 0
        var scope = scope
        while true {
            attempt += 1
            var changed: [Table] = []
            for name in names {
                let table = try Table(name, scope, conversation)
                var editor = TableEditor(table, name)
                try change(&editor)
                if editor.hasChanged || !table.faults.isEmpty { changed.append(table) }
            }
            if changed.isEmpty { return attempt > 1 }
            guard let refusal = try Table.write(changed) else { return true }
            // What stands in the way may be where nobody has looked.
            if !scope.isWhole, refusal.errno != EAGAIN {
                scope.isWhole = true
                continue
            }
            guard attempt < Self.attempts(after: refusal.errno) else { throw refusal.error }
            pause.next()
        }
    }

    /// EINVAL may mean that the rules were written, and somebody wrote others before their counters could follow.
    private static func attempts(after failure: Int32) -> Int {
        switch failure {
        case EAGAIN: 64
        case EINVAL: 8
        default: 0
        }
    }
}
