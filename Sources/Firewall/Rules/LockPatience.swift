import Core
import Glibc
import Linux

/// How long the lock is waited for by which all iptables programs of a host take turns: once in vain. What is then undone, which
/// may be tried all the same, does not wait as long again.
///
/// A commit replaces a whole table, so two writers who both read before either wrote lose one's rules.
final class LockPatience: @unchecked Sendable {
    // One thread at a time changes a firewall.
    private var milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Where iptables looks for the lock.
    static var path: String {
        guard let chosen = getenv("XTABLES_LOCKFILE"), chosen.pointee != 0 else { return "/run/xtables.lock" }
        return String(kernel: chosen)
    }

    func takeLock(_ path: String) throws(OperationError) -> FileLock {
        do throws(OperationError) {
            return try FileLock.acquire(path, as: "take xtables lock", within: milliseconds)
        } catch {
            milliseconds = 0
            throw error
        }
    }
}

/// Sleeps that grow from a fifth of a millisecond to five, each with its own chance: two who wait do not keep step.
struct Pause {
    private var microseconds: UInt64 = 200

    mutating func next() {
        let chosen = UInt64.random(in: microseconds / 2...microseconds)
        var request = timespec(tv_sec: 0, tv_nsec: Int(chosen) * 1000)
        nanosleep(&request, nil)
        microseconds = min(5000, microseconds * 3 / 2)
    }
}
