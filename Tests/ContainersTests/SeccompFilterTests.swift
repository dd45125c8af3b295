import Core
import Testing

@testable import Containers

/// Filters as they decide, without a kernel. Numbers are x86_64's.
@Suite struct SeccompFilterTests {
    private static let everything = Capabilities.names
    private static let allow: UInt32 = 0x7fff_0000
    private static let permissionDenied: UInt32 = 0x0005_0001
    private static let noSuchCall: UInt32 = 0x0005_0026

    private func subject(_ capabilities: [String]) -> SeccompSubject {
        SeccompSubject(host: .current, capabilities: Capabilities.mask(of: capabilities))
    }

    @Test(arguments: [Capabilities.defaults, everything, []]) func shorterFilterDecidesTheSame(_ capabilities: [String])
        throws
    {
        let profile = SeccompDefault.profile
        let long = SeccompInterpreter(
            try SeccompCompiler.program(of: profile, for: subject(capabilities), named: "default"))
        let short = SeccompInterpreter(
            try SeccompCompiler.filter(of: profile, for: subject(capabilities), named: "default"))
        #expect(short.program.count * 3 < long.program.count)
        let numbers = Array(0..<UInt32(520)) + (0..<600).map { 0x4000_0000 + $0 } + [0xf0002, 0x8000_0000, .max]
        for architecture: UInt32 in [0xc000_003e, 0x4000_0003, 0xc000_00b7, 0x4000_0028, 0] {
            let different = numbers.filter { number in
                !Self.arguments(for: number).allSatisfy { value in
                    let decision = short.decision(architecture: architecture, number: number, [value])
                    return decision != nil
                        && decision == long.decision(architecture: architecture, number: number, [value])
                }
            }
            #expect(different.isEmpty, "architecture \(architecture)")
        }
    }

    /// Many for the calls whose arguments matter: socket, clone and personality of all architectures.
    private static func arguments(for number: UInt32) -> [UInt64] {
        let numbers: [UInt32] = [41, 56, 135, 120, 136, 359, 102, 198, 220, 92, 281]
        guard numbers.contains(number & 0x3fff_ffff) else { return [0] }
        return Array(0..<48)
            + [0x20000, 0x20008, 0x40000, 0xffff_ffff, 1 << 32 | 40, 1 << 32, 0x1000_0000, 0x3d0f00, .max]
    }

    #if arch(x86_64)
        @Test func defaultProfileDecidesAsDockers() throws {
            let container = subject(Capabilities.defaults)
            let filter = SeccompInterpreter(
                try SeccompCompiler.filter(of: SeccompDefault.profile, for: container, named: "default"))
            for number: UInt32 in [0, 39, 59, 161, 101, 437, 449, 451, 452, 457, 462, 464] {
                #expect(filter.decision(number: number) == Self.allow, "call \(number)")
            }
            // unshare, mount, bpf, keyctl, userfaultfd, io_uring_setup, mount_setattr, lsm_list_modules
            for number: UInt32 in [272, 165, 321, 250, 323, 425, 442, 461] {
                #expect(filter.decision(number: number) == Self.permissionDenied, "call \(number)")
            }
            #expect(filter.decision(number: 435) == Self.noSuchCall)
            #expect(filter.decision(number: 9999) == Self.noSuchCall)
            #expect(filter.decision(number: 56, [0x3d0f00]) == Self.allow)
            for bit in [17, 25, 26, 27, 28, 29, 30] {
                #expect(filter.decision(number: 56, [1 << bit]) == Self.permissionDenied)
            }
            #expect(filter.decision(number: 41, [2]) == Self.allow)
            // Vsock, also as the kernel sees it; the kernel's cryptography.
            for family: UInt64 in [40, 1 << 32 | 40, 38] {
                #expect(filter.decision(number: 41, [family]) == Self.permissionDenied)
            }
            #expect(filter.decision(architecture: 0xc000_00b7, number: 0) == 0x8000_0000)
        }

        /// Whatever it is asked for: the family lies in memory. The direct calls of 32-bit programs are told apart.
        @Test func S16_socketcallDoesNotExist() throws {
            let x86: UInt32 = 0x4000_0003
            for capabilities in [Capabilities.defaults, [], Self.everything] {
                let filter = SeccompInterpreter(
                    try SeccompCompiler.filter(
                        of: SeccompDefault.profile, for: subject(capabilities), named: "default"))
                for call: UInt64 in 0...21 {
                    #expect(filter.decision(architecture: x86, number: 102, [call]) == Self.noSuchCall, "\(call)")
                }
                for family: UInt64 in [1, 2, 10, 16, 17] {
                    #expect(filter.decision(architecture: x86, number: 359, [family]) == Self.allow)
                }
                for family: UInt64 in [38, 40] {
                    #expect(filter.decision(architecture: x86, number: 359, [family]) == Self.permissionDenied)
                }
                // bind, connect, sendto
                for number: UInt32 in [361, 362, 369] {
                    #expect(filter.decision(architecture: x86, number: number) == Self.allow)
                }
            }
        }

        @Test func capabilitiesOpenTheirCalls() throws {
            let calls: [(String, UInt32)] = [
                ("SYS_ADMIN", 165), ("SYS_ADMIN", 435), ("SYS_ADMIN", 461), ("SYS_BOOT", 169), ("SYS_CHROOT", 161),
                ("SYS_MODULE", 313), ("SYS_PACCT", 163), ("SYS_PTRACE", 312), ("SYS_RAWIO", 172), ("SYS_TIME", 164),
                ("SYS_TTY_CONFIG", 153), ("SYS_NICE", 237), ("SYSLOG", 103), ("BPF", 321), ("PERFMON", 298),
                ("DAC_READ_SEARCH", 304),
            ]
            let without = SeccompInterpreter(
                try SeccompCompiler.filter(of: SeccompDefault.profile, for: subject([]), named: "default"))
            for (capability, number) in calls {
                let with = SeccompInterpreter(
                    try SeccompCompiler.filter(of: SeccompDefault.profile, for: subject([capability]), named: "default")
                )
                #expect(with.decision(number: number) == Self.allow, "\(capability) \(number)")
                #expect(without.decision(number: number) != Self.allow, "\(capability) \(number)")
            }
        }

        /// cachestat and the other newest calls are unknown to older releases of libseccomp.
        @Test func unknownToTheLibraryIsDecidedAllTheSame() throws {
            let profile = SeccompRules(
                defaultAction: .allow, architectures: [],
                rules: [
                    SeccompRule(names: ["cachestat", "no_such_call"], action: .errno(5)),
                    SeccompRule(
                        names: ["mseal"], action: .killProcess,
                        comparisons: [SeccompComparison(argument: 0, operation: .equal, value: 1)]),
                ])
            let filter = SeccompInterpreter(
                try SeccompCompiler.filter(of: profile, for: subject([]), named: "test"))
            #expect(filter.decision(number: 451) == 0x0005_0005)
            #expect(filter.decision(number: 462, [1]) == 0x8000_0000)
            #expect(filter.decision(number: 9999) == Self.allow)
        }

        @Test func comparesArgumentsInAllWays() throws {
            let cases: [(SeccompComparison.Operation, [UInt64])] = [
                (.equal, [5]), (.notEqual, [4, 6, 1 << 32 | 5]), (.less, [4]), (.lessOrEqual, [4, 5]),
                (.greater, [6, 1 << 32 | 5]), (.greaterOrEqual, [5, 6, 1 << 32 | 5]),
            ]
            for (operation, matching) in cases {
                let comparison = SeccompComparison(argument: 2, operation: operation, value: 5)
                let rule = SeccompRule(names: ["read"], action: .allow, comparisons: [comparison])
                let filter = SeccompInterpreter(
                    try SeccompCompiler.filter(
                        of: SeccompRules(defaultAction: .errno(1), architectures: [], rules: [rule]),
                        for: subject([]), named: "test"))
                for value: UInt64 in [4, 5, 6, 1 << 32 | 5] {
                    let allowed = filter.decision(number: 0, [0, 0, value]) == Self.allow
                    #expect(allowed == matching.contains(value), "\(operation) \(value)")
                }
            }
        }
    #endif

    /// Kept filters carry the revision: a list that changes without it would leave old filters in use.
    @Test func revisionGoesWithTheList() {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(SeccompDefault.profile.rules)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        #expect(SeccompDefault.revision == 2)
        #expect(
            hash == 17_153_206_312_123_974_340,
            "the default profile changed: raise SeccompDefault.revision, then put \(hash) here")
    }

    @Test func listsTheCapabilitiesThatItAsksAbout() {
        let rules = SeccompDefault.profile.rules
        let asked = rules.flatMap { $0.includes.capabilities + $0.excludes.capabilities }
        #expect(Set(asked) == Set(SeccompDefault.capabilities))
        #expect(Set(asked).isSubset(of: Capabilities.names))
    }
}
