import Core
import Glibc

/// Who has a file locked, out of /proc/locks.
package enum LockHolder {
    package static func find(_ path: String) -> String? {
        guard let status = Files.status(path), let locks = Files.text("/proc/locks") else { return nil }
        return holder(inode: status.st_ino, in: locks).map(describe)
    }

    /// Lines are `1: FLOCK  ADVISORY  WRITE 1234 00:1a:567 0 EOF`, and with `->` behind the number for one who waits.
    /// The inode decides: the device there is the file system's own, which stat(2) does not always show.
    package static func holder(inode: UInt, in locks: String) -> pid_t? {
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
