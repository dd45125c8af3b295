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

/// Who has a file locked, out of /proc/locks.
enum LockHolder {
    static func find(_ path: String) -> String? {
        guard let status = Files.status(path), let locks = Files.text("/proc/locks") else { return nil }
        return holder(inode: status.st_ino, in: locks).map(describe)
    }

    /// Lines are `1: FLOCK  ADVISORY  WRITE 1234 00:1a:567 0 EOF`, and with `->` behind the number for one who waits.
    /// The inode decides: the device there is the file system's own, which stat(2) does not always show.
    static func holder(inode: UInt, in locks: String) -> pid_t? {
        for line in locks.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "FLOCK", fields[5].hasSuffix(":\(inode)") else { continue }
            // A holder in another pid namespace is shown as 0 or less.
            if let pid = pid_t(fields[4]), pid > 0 { return pid }
        }
        return nil
    }

    private static func describe(_ pid: pid_t) -> String {
        let arguments = (try? Files.read("/proc/\(pid)/cmdline", limit: 1 << 20)) ?? []
        let words = arguments.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let command = words.isEmpty ? Files.line("/proc/\(pid)/comm") ?? "gone" : words.joined(separator: " ")
        return "process \(pid) (\(command.printable(80)))"
    }
}

extension String {
    /// For one line of an error: no control characters, and not too long.
    fileprivate func printable(_ limit: Int) -> String {
        let isControl = { (scalar: Unicode.Scalar) in scalar.value < 32 || scalar.value == 127 }
        let visible = String(unicodeScalars.prefix(limit).map { isControl($0) ? "?" : Character($0) })
        return unicodeScalars.count > limit ? visible + "…" : visible
    }
}
