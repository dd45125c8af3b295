import CLinux
import Core
import Glibc

/// Where a test can make this process fail, die or stop: each effect on the host passes a point just before it happens.
///
/// Points are numbered from 1 in the order in which the process passes them, a copy of it (fork) going on from
/// the number of the original. `MYDOCKER_FAULT_LIST` names a file to which each appends a line with its number and what it
/// was about to do; `MYDOCKER_FAULT` is `ACTION@NUMBER`. Without these a point costs one comparison.
package enum FaultPoint {
    // Read before there is a second thread; changed by `pass` and `disarm`, which one thread at a time calls.
    nonisolated(unsafe) private static var plan = FaultPlan()

    /// - Throws: the error of `error` or `enospc`, when it is this point's turn.
    @inline(__always)
    package static func pass(
        _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String? = nil
    ) throws(OperationError) {
        guard plan != nil else { return }
        try plan?.pass(operation(), subject())
    }

    /// For a process that has to put right what became of another one, with the same points.
    package static func disarm() { plan = nil }
}

private struct FaultPlan {
    private enum Action: String {
        case error, enospc, kill, killgroup, stop
    }

    private let action: Action?
    private let number: Int
    private let list: String?
    private var count = 0

    /// Nil when neither variable is set.
    init?() {
        let fault = Self.variable("MYDOCKER_FAULT").map { $0.split(separator: "@", omittingEmptySubsequences: false) }
        list = Self.variable("MYDOCKER_FAULT_LIST")
        if fault == nil, list == nil { return nil }
        action = fault.flatMap { $0.first }.flatMap { Action(rawValue: String($0)) }
        number = fault.flatMap { $0.last }.flatMap { Int($0) } ?? 0
        guard fault == nil || (fault?.count == 2 && action != nil && number > 0) else {
            let refusal = "mydocker: MYDOCKER_FAULT is not error@N, enospc@N, kill@N, killgroup@N or stop@N\n"
            write(2, refusal, refusal.utf8.count)
            exit(125)
        }
    }

    mutating func pass(_ operation: String, _ subject: String?) throws(OperationError) {
        count += 1
        if let list { Self.append("\(count) \(operation)\(subject.map { " \"\($0)\"" } ?? "")\n", to: list) }
        guard count == number, let action else { return }
        switch action {
        case .error: throw OperationError(operation, subject, errno: EIO)
        case .enospc: throw OperationError(operation, subject, errno: ENOSPC)
        case .kill: Glibc.kill(getpid(), SIGKILL)
        case .killgroup: Glibc.kill(0, SIGKILL)
        case .stop: Glibc.kill(getpid(), SIGSTOP)
        }
    }

    /// One write(2), since copies of the process append too.
    private static func append(_ line: String, to path: String) {
        // Not by `Descriptor.open`, which passes a point itself.
        let number = clinux_open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        guard number >= 0 else { return }
        try? Files.writeAll(Array(line.utf8), to: Descriptor(owning: number), named: path)
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
