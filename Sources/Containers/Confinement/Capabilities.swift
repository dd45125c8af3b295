import Core
import Linux

/// Capabilities of Linux (capabilities(7)) by their names without `CAP_`.
package enum Capabilities {
    /// Every one, at the index that is its number.
    package static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ]

    /// What a container gets that asks for nothing: Docker's set without MKNOD.
    ///
    /// NET_RAW stays: the `ping` of a static busybox opens a raw socket and nothing else. The devices that a
    /// container may use are made for it, and without MKNOD it makes no others, even where no device cgroup would
    /// stop it.
    package static let defaults = [
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE",
        "NET_RAW", "SYS_CHROOT", "AUDIT_WRITE", "SETFCAP",
    ]

    /// What a container has after `--cap-add`, `--cap-drop` and `--privileged`, in the order of the numbers.
    ///
    /// As with Docker: `CAP_` in front and the case do not matter, `ALL` stands for all that can
    /// be given; what is both added and dropped is there, unless it was added by `ALL`, and what `ALL` drops
    /// is dropped before anything is added.
    package static func resolve(
        added: [String], dropped: [String], privileged: Bool
    ) throws(OperationError) -> [String] {
        let added = try Request(added)
        let dropped = try Request(dropped)
        if privileged { return names(of: grantable) }
        if added.all { return names(of: dropped.all ? grantable : grantable & ~dropped.mask) }
        let base = dropped.all ? 0 : mask(of: defaults) & ~dropped.mask
        return names(of: base | added.mask)
    }

    /// A bit per number; what is no capability's name counts for nothing.
    package static func mask(of capabilities: [String]) -> UInt64 {
        var mask: UInt64 = 0
        for capability in capabilities {
            if let number = names.firstIndex(of: capability) { mask |= 1 << UInt64(number) }
        }
        return mask
    }

    private static func names(of mask: UInt64) -> [String] {
        names.indices.filter { mask >> UInt64($0) & 1 == 1 }.map { names[$0] }
    }

    /// What can be passed on: an older kernel refuses a bit that it does not know, and nobody gives away what
    /// he does not have, as in a container that was itself given less than all.
    private static var grantable: UInt64 {
        let line = Files.text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("CapPrm:") }
        let permitted = line.flatMap { UInt64($0.dropFirst(7).trimmingSpaces, radix: 16) } ?? UInt64.max
        return permitted & ((1 << UInt64(names.count)) - 1)
    }

    /// The names of one option.
    private struct Request {
        var all = false
        var mask: UInt64 = 0

        init(_ texts: [String]) throws(OperationError) {
            for text in texts {
                let upper = text.uppercased()
                let name = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
                let bit = Capabilities.mask(of: [name])
                guard bit != 0 || upper == "ALL" else {
                    throw OperationError("invalid capability \(JSON.quoted(text))")
                }
                mask |= bit
                all = all || upper == "ALL"
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring { drop { $0 == " " || $0 == "\t" } }
}
