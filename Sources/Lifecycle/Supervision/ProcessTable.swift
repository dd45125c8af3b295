import Core
import Glibc
import Linux

/// What /proc tells about the processes of this host.
package enum ProcessTable {
    /// A lock's file and a process that has it locked.
    package struct LockHolder: Equatable, Sendable {
        package let path: String
        package let pid: pid_t
        package let program: String
        package let isMydocker: Bool
        /// The file has no name any more: nobody else finds it.
        package let isRemoved: Bool
    }

    /// Whether `pid` is a running mydocker, of this or another version. One that cannot be told is taken for one.
    package static func isMydocker(_ pid: pid_t) -> Bool {
        guard Files.exists("/proc/\(pid)") else { return false }
        guard let name = program(pid) else { return true }
        return name == "mydocker" || name == program(getpid())
    }

    /// The name of its executable file.
    private static func program(_ pid: pid_t) -> String? {
        guard let path = Files.link("/proc/\(pid)/exe") else { return nil }
        // An upgrade replaced it.
        return withoutDeletionMark(path).split(separator: "/").last.map(String.init)
    }

    /// Lets commands of ours go on that were stopped and have a child to wait for: until they have, the kernel keeps the pid
    /// namespace of that child, and process 1 of it, from ending (zap_pid_ns_processes).
    static func wakeParents() {
        for name in (try? Files.names(in: "/proc")) ?? [] {
            guard let pid = pid_t(name), ProcessIdentity.isStopped(pid) == true, isMydocker(pid) else { continue }
            let children = (Files.text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ")
            if children.contains(where: { pid_t($0).flatMap(ProcessIdentity.isZombie) ?? false }) { kill(pid, SIGCONT) }
        }
    }

    /// `socket:[123]` for each socket that a process has open.
    package static func sockets(of pid: pid_t) -> Set<String> {
        Set(descriptors(of: pid).map(\.target).filter { $0.hasPrefix("socket:") })
    }

    /// Who has files called `lock` below `directories` locked, removed ones, too. A process that inherited the lock has it as well.
    package static func lockHolders(below directories: [String]) -> [LockHolder] {
        var holders: [LockHolder] = []
        for name in (try? Files.names(in: "/proc")) ?? [] {
            guard let pid = pid_t(name) else { continue }
            for (number, link) in descriptors(of: pid) {
                let target = withoutDeletionMark(link)
                guard target.hasSuffix("/lock"), directories.contains(where: { target.hasPrefix($0 + "/") }) else {
                    continue
                }
                // "lock:" only where this very descriptor has it, or shares it.
                let information = Files.text("/proc/\(pid)/fdinfo/\(number)") ?? ""
                guard
                    information.split(separator: "\n").contains(where: { $0.hasPrefix("lock:") && !$0.contains("->") })
                else { continue }
                holders.append(
                    LockHolder(
                        path: target, pid: pid, program: Files.line("/proc/\(pid)/comm") ?? "gone",
                        isMydocker: isMydocker(pid), isRemoved: target != link))
            }
        }
        return holders
    }

    /// Without the mark that the kernel puts behind the former path of a removed file (d_path).
    private static func withoutDeletionMark(_ path: String) -> String {
        path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
    }

    private static func descriptors(of pid: pid_t) -> [(number: String, target: String)] {
        let directory = "/proc/\(pid)/fd"
        return ((try? Files.names(in: directory)) ?? []).compactMap { number in
            Files.link("\(directory)/\(number)").map { (number, $0) }
        }
    }
}
