/// The profile of a container that asks for none, call for call what Docker's current one permits, but for socketcall(2).
///
/// It is a list of what is allowed: what programs in a container need, without what reaches beyond it.
/// All else fails with EPERM, and what is newer than this list with ENOSYS (SeccompPrologue). Left out
/// on purpose: keyrings, which are not namespaced; io_uring, which goes around this filter; userfaultfd,
/// a tool of kernel exploits; new namespaces and mounts, which open the kernel's less tested side.
enum SeccompDefault {
    /// To be raised with every change below: kept filters of an older list are made anew.
    static let revision = 2

    /// The capabilities that the rules ask about.
    static let capabilities = [
        "BPF", "DAC_READ_SEARCH", "PERFMON", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE",
        "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG",
    ]

    static var profile: SeccompRules {
        SeccompRules(
            defaultAction: .errno(1), architectures: SeccompArchitecture.current.also,
            rules: [multiplexer, everyone, tracing] + sockets + personalities + architectures + capable + clones)
    }

    /// What a 32-bit program asks of socketcall(2) lies in memory, where no filter can look, so that it would open every
    /// family of `sockets`. It does not exist then, also for what libseccomp makes of the rules for single calls, which is
    /// why this one comes first. Since Linux 4.3 each of them has a number of its own; musl uses those, older C libraries
    /// do not.
    private static var multiplexer: SeccompRule { SeccompRule(names: ["socketcall"], action: .errno(38)) }

    private static var everyone: SeccompRule { allow(SeccompDefaultCalls.everyone) }

    /// Before 4.8 a tracer could get its tracee around the filter.
    private static var tracing: SeccompRule {
        var rule = allow("process_vm_readv process_vm_writev ptrace")
        rule.includes.kernel = KernelVersion(major: 4, minor: 8)
        return rule
    }

    /// The address families that containers may use: not vsock (40), which reaches the host whatever the
    /// network namespace, nor the kernel's cryptography (38), nor those that the kernel has dropped. They are
    /// named one by one, because `not 40` would let 2^32 + 40 through, which the kernel takes for 40.
    private static var sockets: [SeccompRule] {
        let single: [UInt64] = [13, 14, 15, 16, 17, 18, 21, 22, 24] + [26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39]
        let last: [UInt64] = [41, 42, 43, 44, 45]
        return [allow("socket", .less, 12)] + (single + last).map { allow("socket", .equal, $0) }
    }

    /// Linux, 32-bit Linux, both with UNAME26, and the question which one is set. Others switch off
    /// protections such as address randomization.
    private static var personalities: [SeccompRule] {
        [0, 0x0008, 0x20000, 0x20008, 0xffff_ffff].map { allow("personality", .equal, $0) }
    }

    private static var architectures: [SeccompRule] {
        [
            allow("arch_prctl modify_ldt", architectures: ["amd64"]),
            allow(
                "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
                architectures: ["arm64"]),
        ]
    }

    private static var capable: [SeccompRule] {
        [
            allow(SeccompDefaultCalls.administrator, with: "SYS_ADMIN"),
            allow("open_by_handle_at", with: "DAC_READ_SEARCH"),
            allow("reboot", with: "SYS_BOOT"),
            allow("chroot", with: "SYS_CHROOT"),
            allow("delete_module init_module finit_module", with: "SYS_MODULE"),
            allow("acct", with: "SYS_PACCT"),
            allow(
                "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace", with: "SYS_PTRACE"),
            allow("iopl ioperm", with: "SYS_RAWIO"),
            allow("settimeofday stime clock_settime clock_settime64", with: "SYS_TIME"),
            allow("vhangup", with: "SYS_TTY_CONFIG"),
            allow("get_mempolicy mbind set_mempolicy set_mempolicy_home_node", with: "SYS_NICE"),
            allow("syslog", with: "SYSLOG"),
            allow("bpf", with: "BPF"),
            allow("perf_event_open", with: "PERFMON"),
        ]
    }

    /// New processes, but none in new namespaces. What clone3 is asked for lies in memory, where no filter
    /// can look: it does not exist then, and C libraries fall back to clone.
    private static var clones: [SeccompRule] {
        // CLONE_NEWNS, CLONE_NEWCGROUP; those of UTS, IPC, USER, PID and NET lie together.
        let namespaces: UInt64 = 0x0002_0000 | 0x0200_0000 | 0x7c00_0000
        var clone = allow("clone", .maskedEqual, namespaces)
        var clone3 = SeccompRule(names: ["clone3"], action: .errno(38))
        clone.excludes.capabilities = ["SYS_ADMIN"]
        clone3.excludes.capabilities = ["SYS_ADMIN"]
        return [clone, clone3]
    }

    private static func allow(
        _ names: String, with capability: String? = nil, architectures: [String] = []
    ) -> SeccompRule {
        var rule = SeccompRule(names: names.split(whereSeparator: \.isWhitespace).map(String.init), action: .allow)
        rule.includes.capabilities = capability.map { [$0] } ?? []
        rule.includes.architectures = architectures
        return rule
    }

    private static func allow(
        _ name: String, _ operation: SeccompComparison.Operation, _ value: UInt64
    ) -> SeccompRule {
        SeccompRule(
            names: [name], action: .allow,
            comparisons: [SeccompComparison(argument: 0, operation: operation, value: value)])
    }
}
