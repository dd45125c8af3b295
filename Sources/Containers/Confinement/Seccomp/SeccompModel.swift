import CSeccomp

/// What a filter does with a call.
enum SeccompAction: Equatable, Sendable {
    case allow, log, trap, killThread, killProcess
    /// The call fails with this number.
    case errno(UInt16)
    case trace(UInt16)

    /// As seccomp(2) numbers it.
    var code: UInt32 {
        switch self {
        case .allow: CSECCOMP_ALLOW.rawValue
        case .log: CSECCOMP_LOG.rawValue
        case .trap: CSECCOMP_TRAP.rawValue
        case .killThread: CSECCOMP_KILL_THREAD.rawValue
        case .killProcess: CSECCOMP_KILL_PROCESS
        case .errno(let number): CSECCOMP_ERRNO.rawValue | UInt32(number)
        case .trace(let message): CSECCOMP_TRACE.rawValue | UInt32(message)
        }
    }

    /// Whether the call can still be made.
    var letsThrough: Bool {
        switch self {
        case .allow, .log, .trace: true
        case .trap, .killThread, .killProcess, .errno: false
        }
    }
}

/// One test of an argument of a call.
struct SeccompComparison: Equatable, Sendable {
    enum Operation: Sendable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        /// `argument & value == second`
        case maskedEqual
    }
    /// 0 to 5.
    var argument: Int
    var operation: Operation
    var value: UInt64
    var second: UInt64 = 0

    var c: cseccomp_comparison {
        cseccomp_comparison(
            argument: UInt32(argument), operation: operation.c.rawValue, value: value, second: second)
    }
}

extension SeccompComparison.Operation {
    fileprivate var c: cseccomp_operation {
        switch self {
        case .equal: CSECCOMP_EQUAL
        case .notEqual: CSECCOMP_NOT_EQUAL
        case .less: CSECCOMP_LESS
        case .lessOrEqual: CSECCOMP_LESS_OR_EQUAL
        case .greater: CSECCOMP_GREATER
        case .greaterOrEqual: CSECCOMP_GREATER_OR_EQUAL
        case .maskedEqual: CSECCOMP_MASKED_EQUAL
        }
    }
}

/// What a rule can depend on besides the call.
struct SeccompCondition: Equatable, Sendable {
    /// Without `CAP_`.
    var capabilities: [String] = []
    /// As Go names them, because profiles do: `amd64`, `arm64`.
    var architectures: [String] = []
    var kernel: KernelVersion?

    func allHold(for container: SeccompSubject) -> Bool {
        (architectures.isEmpty || architectures.contains(container.host.architecture.name))
            && capabilities.allSatisfy(container.has)
            && (kernel.map { $0 <= container.host.kernel } ?? true)
    }

    func anyHolds(for container: SeccompSubject) -> Bool {
        architectures.contains(container.host.architecture.name)
            || capabilities.contains(where: container.has)
            || (kernel.map { $0 <= container.host.kernel } ?? false)
    }
}

/// What to do with some calls.
struct SeccompRule: Equatable, Sendable {
    var names: [String]
    var action: SeccompAction
    var comparisons: [SeccompComparison] = []
    /// The rule counts when all of these hold and none of those does.
    var includes = SeccompCondition()
    var excludes = SeccompCondition()

    func applies(to container: SeccompSubject) -> Bool {
        includes.allHold(for: container) && !excludes.anyHolds(for: container)
    }

    /// The sets of comparisons of which one must hold. Tests of different arguments go together; when an
    /// argument is tested twice, every test counts alone (so does runc, and libseccomp knows no other way).
    var alternatives: [[SeccompComparison]] {
        let arguments = Set(comparisons.map(\.argument))
        return arguments.count == comparisons.count ? [comparisons] : comparisons.map { [$0] }
    }
}

/// A whole profile, for any container and host.
struct SeccompRules: Equatable, Sendable {
    var defaultAction: SeccompAction
    /// Besides the machine's own, as libseccomp names them.
    var architectures: [String]
    var rules: [SeccompRule]
}

/// Whom a filter is for.
struct SeccompSubject: Sendable {
    var host: SeccompHost
    /// A bit per number.
    var capabilities: UInt64

    func has(_ capability: String) -> Bool { Capabilities.mask(of: [capability]) & capabilities != 0 }
}
