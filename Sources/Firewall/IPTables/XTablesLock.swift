import CIPTables
import Core
import Glibc
import Linux

/// The lock by which all iptables programs of a host take turns, held until this value goes.
///
/// A commit replaces a whole table, so two writers who both read before either wrote lose one's rules.
struct XTablesLock: ~Copyable {
    private let file: Descriptor

    /// Where iptables looks for it.
    static var path: String {
        guard let chosen = getenv("XTABLES_LOCKFILE"), chosen.pointee != 0 else { return "/run/xtables.lock" }
        return String(kernel: chosen)
    }

    init(_ path: String, milliseconds limit: UInt64) throws(OperationError) {
        let file = try Descriptor.open(path, O_RDONLY | O_CREAT, mode: 0o600, as: "open xtables lock")
        try XTablesLock.wait(for: file.number, path, limit)
        self.file = file
    }

    /// flock(2) itself can only wait for ever, or until a signal comes.
    private static func wait(for file: Int32, _ path: String, _ limit: UInt64) throws(OperationError) {
        let end = Pause.now + limit * 1_000_000
        var pause = Pause()
        while true {
            let result = ciptables_try_lock(file)
            if result == 0 { return }
            guard result == -EWOULDBLOCK || result == -EINTR else {
                throw OperationError("take xtables lock", path, errno: -result)
            }
            guard Pause.now < end else { throw timeout(path, limit) }
            try Interruption.check("take xtables lock", path)
            pause.next()
        }
    }

    private static func timeout(_ path: String, _ limit: UInt64) -> OperationError {
        let holder = LockHolder.find(path).map { "held by \($0)" } ?? "somebody holds it"
        let time = limit < 1000 ? "\(limit) ms" : "\(limit / 1000) s"
        return OperationError(
            "take xtables lock", path, reason: "\(holder), waited \(time)",
            remedy: "wait for it or end it, then try again")
    }
}

/// Waits for the lock once in vain: what is then undone, which may be tried all the same, does not wait as long again.
final class LockPatience: @unchecked Sendable {
    // One thread at a time changes a firewall.
    private var milliseconds: UInt64

    init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    func takeLock(_ path: String) throws(OperationError) -> XTablesLock {
        do throws(OperationError) {
            return try XTablesLock(path, milliseconds: milliseconds)
        } catch {
            milliseconds = 0
            throw error
        }
    }
}

/// Sleeps that grow from a fifth of a millisecond to five, each with its own chance: the holder needs far less
/// than that, and two who wait do not keep step.
struct Pause {
    private var microseconds: UInt64 = 200

    mutating func next() {
        let chosen = UInt64.random(in: microseconds / 2...microseconds)
        var request = timespec(tv_sec: 0, tv_nsec: Int(chosen) * 1000)
        nanosleep(&request, nil)
        microseconds = min(5000, microseconds * 3 / 2)
    }

    /// Nanoseconds of the monotonic clock.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
