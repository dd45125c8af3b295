import Core
import Glibc
import Linux

/// The kernel's legacy iptables of the network namespace that the calling thread is in.
package struct IPTablesFirewall: Firewall {
    private let lockPath: String
    private let patience: LockPatience

    /// - Parameters:
    ///   - lockPath: nil for the one that iptables itself would take.
    ///   - lockMilliseconds: how long to wait for the xtables lock.
    package init(lockPath: String? = nil, lockMilliseconds: UInt64 = 10_000) {
        self.lockPath = lockPath ?? XTablesLock.path
        patience = LockPatience(milliseconds: lockMilliseconds)
    }

    @discardableResult
    package func establish(
        isStale: (FirewallOwner) -> Bool, _ intent: () throws(OperationError) -> FirewallIntent
    ) throws(OperationError) -> Bool {
        try apply(isStale: isStale) { () throws(OperationError) in FirewallChange(establishing: try intent()) }
    }

    package func withdraw(_ owner: FirewallOwner) throws(OperationError) {
        try apply { FirewallChange(withdrawing: owner) }
    }

    package func clear(_ owners: [FirewallOwner], withFrame: Bool) throws(OperationError) {
        try apply { FirewallChange(clearing: owners, withChains: withFrame) }
    }

    /// A reader needs no lock: the kernel gives a table out whole. One that nobody has used yet would be made by asking.
    package func differences(
        from intent: FirewallIntent, isOwner: ((FirewallOwner) -> Bool)?
    ) throws(OperationError) -> FirewallDifferences {
        var inspection = TableInspection(FirewallChange(establishing: intent), isOwner: isOwner)
        for name in inspection.tables where !intent.isEmpty || IPTablesFirewall.isUsed(name) {
            try inspection.look(at: KernelTable(name), name)
        }
        return inspection.differences
    }

    private static func isUsed(_ table: FirewallTable) -> Bool {
        let names = Files.text("/proc/thread-self/net/ip_tables_names") ?? ""
        return names.split(separator: "\n").contains(table.rawValue[...])
    }

    /// Holds the xtables lock while `change` is asked and the tables are written.
    @discardableResult
    func apply(
        isStale: (FirewallOwner) -> Bool = { _ in false }, _ change: () throws(OperationError) -> FirewallChange
    ) throws(OperationError) -> Bool {
        let lock = try patience.takeLock(lockPath)
        let change = try change()
        var hasChanged = false
        for table in change.tables {
            let wasWritten = try write(change, to: table, isStale)
            hasChanged = hasChanged || wasWritten
        }
        _ = consume lock
        return hasChanged
    }

    /// From a fresh read each time: somebody without the lock may have written in between.
    private func write(
        _ change: FirewallChange, to name: FirewallTable, _ isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) -> Bool {
        var pause = Pause()
        var attempt = 0
        while true {
            attempt += 1
            let table = try KernelTable(name)
            var editor = TableEditor(table, name)
            try editor.apply(change, isStale: isStale)
            guard editor.hasChanged else { return attempt > 1 }
            try FaultPoint.pass("write iptables table", name.rawValue)
            let failure = table.commit()
            if failure == 0 { return true }
            guard attempt < IPTablesFirewall.attempts(after: failure) else { throw table.cannotCommit(errno: failure) }
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
