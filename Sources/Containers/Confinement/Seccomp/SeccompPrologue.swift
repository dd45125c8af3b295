/// What a filter does before libseccomp's part: the calls that are newer than libseccomp or the profile.
///
/// An older libseccomp does not know the newest calls' names, so what a profile says of them is put
/// here. And calls that came after the profile was written fail with ENOSYS, as on a kernel without them,
/// rather than with the profile's EPERM: C libraries then fall back to what they did before, and take
/// EPERM for the answer. (Docker's runtime does the same.)
struct SeccompPrologue {
    /// By their numbers from 424 on, where all architectures number alike.
    private static let names = """
        pidfd_send_signal io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig
        fsmount fspick pidfd_open clone3 close_range openat2 pidfd_getfd faccessat2 process_madvise epoll_pwait2
        mount_setattr quotactl_fd landlock_create_ruleset landlock_add_rule landlock_restrict_self memfd_secret
        process_mrelease futex_waitv set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack futex_wake
        futex_wait futex_requeue statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal
        setxattrat getxattrat listxattrat removexattrat open_tree_attr file_getattr file_setattr listns
        rseq_slice_yield
        """
    private static let first = 424
    /// From here on numbers mean something else: ARM's own calls, x32's with their mark.
    private static let end = 0xf0000
    /// AUDIT_ARCH_* by libseccomp's names. x32 has x86_64's.
    static let audit: [String: UInt32] = [
        "x86_64": 0xc000_003e, "x86": 0x4000_0003, "aarch64": 0xc000_00b7, "arm": 0x4000_0028,
    ]

    private let numbers: [String: Int]
    private var newest = SeccompPrologue.first - 1
    private var decided: [(number: Int, action: SeccompAction)] = []

    init() {
        let names = Self.names.split(whereSeparator: \.isWhitespace).map(String.init)
        numbers = Dictionary(uniqueKeysWithValues: zip(names, Self.first...))
    }

    /// Says that the profile knows `name`, whatever it thinks of it.
    /// - Parameter number: libseccomp's for it; negative when it has none.
    mutating func mention(_ name: String, number: Int) {
        let number = numbers[name] ?? number
        if number < Self.end { newest = max(newest, number) }
    }

    /// Takes over a rule for a call that libseccomp does not know. Arguments are not looked at here: what
    /// would be allowed with some is not allowed then, and what would be refused with some is refused.
    mutating func decide(_ name: String, _ action: SeccompAction, comparing comparisons: [SeccompComparison]) {
        guard let number = numbers[name], comparisons.isEmpty || !action.letsThrough else { return }
        decided.append((number, action))
    }

    /// The instructions: the first rule for a call counts, what is not decided falls through to the end.
    func instructions(architectures: [String], defaultAction: SeccompAction) -> [SeccompInstruction] {
        var checks: [SeccompInstruction] = []
        for (number, action) in decided {
            checks += [.jump(.equal, UInt32(number), otherwise: 1), .finish(action.code)]
        }
        if !defaultAction.letsThrough, defaultAction != .errno(38) {
            checks += [.jump(.greater, UInt32(newest), otherwise: 1), .finish(SeccompAction.errno(38).code)]
        }
        guard !checks.isEmpty else { return [] }
        return Self.guarding(checks, architectures: architectures) + checks
    }

    /// Goes around `checks` unless the architecture is one of these and the number in their range.
    private static func guarding(_ checks: [SeccompInstruction], architectures: [String]) -> [SeccompInstruction] {
        let tokens = architectures.compactMap { audit[$0] }
        let range: [SeccompInstruction] = [
            .load(SeccompInstruction.Offset.number), .jump(.greaterOrEqual, UInt32(end), otherwise: 1),
            .skip(checks.count + 2),
            .jump(.greaterOrEqual, UInt32(first), then: 1), .skip(checks.count),
        ]
        let choice = tokens.enumerated().map { index, token in
            SeccompInstruction.jump(.equal, token, then: UInt8(tokens.count - index))
        }
        return [.load(SeccompInstruction.Offset.architecture)] + choice + [.skip(range.count + checks.count)] + range
    }
}
