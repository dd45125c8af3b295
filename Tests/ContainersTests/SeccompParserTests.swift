import Core
import Testing

@testable import Containers

@Suite struct SeccompParserTests {
    /// What is wrong with a profile, and how it is said.
    static let mistakes: [(text: String, reason: String)] = [
        ("{", "expected a member name at byte 1"),
        ("[]", "not a JSON object"),
        ("{}", "defaultAction: missing"),
        // Which of the two would be kept?
        (
            #"{"defaultAction":"SCMP_ACT_ERRNO","defaultAction":"SCMP_ACT_ALLOW"}"#,
            #"the key "defaultAction" is given twice at byte 34"#
        ),
        (rule(#""action":"SCMP_ACT_LOG""#), #"the key "action" is given twice at byte 90"#),
        (#"{"defaultAction":"DENY"}"#, #"defaultAction: unknown action "DENY""#),
        (#"{"defaultAction":"SCMP_ACT_NOTIFY"}"#, "defaultAction: SCMP_ACT_NOTIFY is not supported"),
        (#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":-1}"#, "defaultErrnoRet: not 0 to 4095"),
        (rules("7"), "syscalls: not a list"),
        (rules(#"[{"names":["read"]}]"#), "syscalls[0].action: missing"),
        (rules(#"[{"name":"a","names":["b"],"action":"SCMP_ACT_ALLOW"}]"#), "syscalls[0]: use either name or names"),
        (rules(#"[{"names":"read","action":"SCMP_ACT_ALLOW"}]"#), "syscalls[0].names: not a list of names"),
        (rules(#"[{"names":["a\u0000b"],"action":"SCMP_ACT_ALLOW"}]"#), "syscalls[0].names: not a list of names"),
        (rule(#""args":[{"index":6,"op":"SCMP_CMP_EQ"}]"#), "syscalls[0].args[0].index: not 0 to 5"),
        (rule(#""args":[{"index":0,"op":"="}]"#), #"syscalls[0].args[0].op: unknown operation "=""#),
        (
            rule(#""args":[{"index":0,"value":-1,"op":"SCMP_CMP_EQ"}]"#),
            "syscalls[0].args[0].value: not a whole number from 0 to 9223372036854775807"
        ),
        (rule(#""includes":{"cap":["CAP_BPF"]}"#), #"syscalls[0].includes: unknown condition "cap""#),
        (rule(#""excludes":{"minKernel":"new"}"#), #"syscalls[0].excludes.minKernel: not a version such as "4.8""#),
        (
            #"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{}]}"#,
            "use either architectures or archMap"
        ),
    ]

    private static func rules(_ text: String) -> String {
        #"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":\#(text)}"#
    }
    private static func rule(_ text: String) -> String {
        rules(#"[{"names":["read"],"action":"SCMP_ACT_ALLOW",\#(text)}]"#)
    }
    private func parse(_ text: String) throws -> SeccompRules {
        try SeccompParser(path: "p.json").rules(Array(text.utf8))
    }

    @Test(arguments: mistakes.indices) func saysWhatIsWrong(_ index: Int) {
        let mistake = Self.mistakes[index]
        #expect(throws: OperationError("load seccomp profile", "p.json", reason: mistake.reason)) {
            try parse(mistake.text)
        }
    }

    @Test func missingFileIsNamed() throws {
        #expect(throws: OperationError("load seccomp profile", "/nowhere/p.json", errno: 2)) {
            try SeccompProfile.load("/nowhere/p.json", capabilities: [], cacheDirectory: "/nowhere")
        }
    }

    @Test func readsAllOfARule() throws {
        let profile = try parse(
            Self.rules(
                """
                [{"names":["read","write"],"action":"SCMP_ACT_ERRNO","errnoRet":38,"comment":"",
                  "args":[{"index":1,"value":4294967295,"valueTwo":7,"op":"SCMP_CMP_MASKED_EQ"}],
                  "includes":{"caps":["CAP_BPF"],"minKernel":"4.8"},"excludes":{"arches":["s390x"]}}]
                """))
        let expected = SeccompRule(
            names: ["read", "write"], action: .errno(38),
            comparisons: [
                SeccompComparison(argument: 1, operation: .maskedEqual, value: 0xffff_ffff, second: 7)
            ],
            includes: SeccompCondition(capabilities: ["BPF"], kernel: KernelVersion(major: 4, minor: 8)),
            excludes: SeccompCondition(architectures: ["s390x"]))
        #expect(profile == SeccompRules(defaultAction: .errno(1), architectures: [], rules: [expected]))
    }

    @Test func takesTheArchitecturesOfThisMachine() throws {
        let profile = try parse(
            """
            {"defaultAction":"SCMP_ACT_ALLOW","archMap":[
              {"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86","SCMP_ARCH_X32"]},
              {"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]}]}
            """)
        #expect(profile.architectures == SeccompArchitecture.current.also)
    }

    @Test func conditionsHoldAsDockersDo() {
        func applies(_ includes: SeccompCondition, _ excludes: SeccompCondition = SeccompCondition()) -> Bool {
            let host = SeccompHost(
                kernel: KernelVersion(major: 5, minor: 10),
                architecture: SeccompArchitecture(name: "amd64", native: "x86_64", also: []))
            let rule = SeccompRule(names: [], action: .allow, includes: includes, excludes: excludes)
            return rule.applies(to: SeccompSubject(host: host, capabilities: Capabilities.mask(of: ["BPF", "KILL"])))
        }
        #expect(applies(SeccompCondition()))
        #expect(applies(SeccompCondition(capabilities: ["BPF", "KILL"])))
        #expect(!applies(SeccompCondition(capabilities: ["BPF", "SYS_ADMIN"])))
        #expect(!applies(SeccompCondition(), SeccompCondition(capabilities: ["SYS_ADMIN", "BPF"])))
        #expect(applies(SeccompCondition(kernel: KernelVersion("5.10"))))
        #expect(!applies(SeccompCondition(kernel: KernelVersion("5.11"))))
        #expect(!applies(SeccompCondition(architectures: ["arm64"])))
        #expect(!applies(SeccompCondition(), SeccompCondition(architectures: ["amd64"])))
    }

    @Test func readsKernelReleases() {
        #expect(KernelVersion("6.18.44-fc", prefix: true) == KernelVersion(major: 6, minor: 18))
        #expect(KernelVersion("5.10+", prefix: true) == KernelVersion(major: 5, minor: 10))
        #expect(KernelVersion("4.8") == KernelVersion(major: 4, minor: 8))
        #expect(KernelVersion("4.8.1") == nil)
        #expect(KernelVersion("4") == nil)
    }
}
