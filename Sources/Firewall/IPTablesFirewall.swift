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
    package init(lockPath: String? = nil, lockMilliseconds: Int64 = 10_000) {
        self.lockPath = lockPath ?? LockPatience.path
        patience = LockPatience(milliseconds: lockMilliseconds)
    }

    @discardableResult
    package func apply(
        isStale: (FirewallOwner) -> Bool, _ change: () throws(OperationError) -> FirewallChange
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

    /// A reader needs no lock: the kernel gives a table out whole. One that nobody has used yet would be made by asking.
    package func rules(in table: FirewallTable) throws(OperationError) -> [FirewallRule] {
        let names = (Files.text("/proc/thread-self/net/ip_tables_names") ?? "").split(separator: "\n")
        return names.contains(table.rawValue[...]) ? try KernelTable(table).ownRules(table) : []
    }

    package func deviations(from change: FirewallChange) throws(OperationError) -> FirewallDeviations {
        var deviations = FirewallDeviations()
        for name in change.tables {
            var editor = TableEditor(try KernelTable(name), name)
            try editor.collectDeviations(from: change, into: &deviations)
        }
        return deviations
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
