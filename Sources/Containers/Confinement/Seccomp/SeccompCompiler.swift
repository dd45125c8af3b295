import CSeccomp
import Core
import Glibc

/// Makes a filter of rules.
enum SeccompCompiler {
    /// - Parameter name: the profile's, for error messages.
    static func filter(
        of profile: SeccompRules, for container: SeccompSubject, named name: String
    ) throws(OperationError) -> [UInt8] {
        let program = try program(of: profile, for: container, named: name)
        let architectures = [container.host.architecture.native] + profile.architectures
        let shorter = SeccompCompactor(program: program, architectures: architectures).shorter()
        guard shorter.count * 8 <= SeccompCache.largestFilter else {
            throw OperationError("compile seccomp profile", name, reason: "too long for the kernel")
        }
        return shorter.flatMap(\.bytes)
    }

    /// The filter before it is made shorter.
    static func program(
        of profile: SeccompRules, for container: SeccompSubject, named name: String
    ) throws(OperationError) -> [SeccompInstruction] {
        let architectures = [container.host.architecture.native] + profile.architectures
        let filter = try LibraryFilter(profile.defaultAction, profile: name)
        for architecture in profile.architectures { try filter.add(architecture: architecture) }
        var prologue = SeccompPrologue()
        for rule in profile.rules where rule.applies(to: container) {
            for call in rule.names {
                try add(rule, for: call, to: filter, and: &prologue, unless: profile.defaultAction)
            }
        }
        return try prologue.instructions(architectures: architectures, defaultAction: profile.defaultAction)
            + filter.instructions()
    }

    private static func add(
        _ rule: SeccompRule, for call: String, to filter: borrowing LibraryFilter,
        and prologue: inout SeccompPrologue, unless defaultAction: SeccompAction
    ) throws(OperationError) {
        let resolved = filter.number(of: call)
        prologue.mention(call, number: resolved ?? -1)
        // libseccomp refuses rules that change nothing.
        guard rule.action != defaultAction else { return }
        for comparisons in rule.alternatives {
            if resolved == nil {
                prologue.decide(call, rule.action, comparing: comparisons)
            } else {
                try filter.add(call, rule.action, comparisons)
            }
        }
    }
}

/// libseccomp's part of a filter.
private struct LibraryFilter: ~Copyable {
    private let filter: OpaquePointer
    private let profile: String

    init(_ defaultAction: SeccompAction, profile: String) throws(OperationError) {
        var filter: OpaquePointer?
        // A call of an architecture that the profile leaves out would be judged by another one's numbers.
        let result = cseccomp_create(defaultAction.code, CSECCOMP_KILL_PROCESS, &filter)
        guard result == 0, let filter else { throw Self.failure(profile, result) }
        self.filter = filter
        self.profile = profile
    }

    deinit { cseccomp_destroy(filter) }

    func add(architecture: String) throws(OperationError) {
        let result = cseccomp_add_architecture(filter, architecture)
        guard result == 0 else { throw failure("unusable architecture \(JSON.quoted(architecture))") }
    }

    func add(
        _ call: String, _ action: SeccompAction, _ comparisons: [SeccompComparison]
    ) throws(OperationError) {
        let tests = comparisons.map(\.c)
        let result = cseccomp_add_rule(filter, call, action.code, tests, tests.count)
        guard result == 0 else { throw failure("\(call): \(String(cString: strerror(-result)))") }
    }

    /// Nil when libseccomp does not know the name.
    func number(of call: String) -> Int? {
        var number: Int32 = 0
        return cseccomp_resolve(call, &number) == 0 ? Int(number) : nil
    }

    func instructions() throws(OperationError) -> [SeccompInstruction] {
        var bytes: UnsafeMutableRawPointer?
        var size = 0
        let result = cseccomp_export(filter, &bytes, &size)
        defer { free(bytes) }
        guard result == 0 else { throw Self.failure(profile, result) }
        return SeccompInstruction.program(UnsafeRawBufferPointer(start: bytes, count: size))
    }

    func failure(_ reason: String) -> OperationError {
        OperationError("compile seccomp profile", profile, reason: reason)
    }

    private static func failure(_ profile: String, _ result: Int32) -> OperationError {
        guard result == -ELIBACC else { return OperationError("compile seccomp profile", profile, errno: -result) }
        return OperationError(
            "compile seccomp profile", profile, reason: "libseccomp.so.2 is missing",
            remedy: "install libseccomp (Debian: apt install libseccomp2)")
    }
}
