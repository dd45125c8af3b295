import CLinux
import Core
import Glibc
import Synchronization

/// Where a test can make this process fail, die or stop: each effect on the host passes a point just before it happens.
///
/// Points are numbered from 1 in the order in which the process passes them, a copy of it (fork) going on from
/// the number of the original. `MYDOCKER_FAULT_LIST` names a file to which each appends a line with its number and what it
/// was about to do; `MYDOCKER_FAULT` is `ACTION@NUMBER`. Without these a point costs one comparison.
package enum FaultPoint {
    // Read before there is a second thread; changed with `lock` held.
    nonisolated(unsafe) private static var plan = FaultPlan()
    private static let lock = Mutex(())

    /// - Throws: the error of `error` or `enospc`, when it is this point's turn.
    @inline(__always)
    package static func pass(
        _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String? = nil
    ) throws(OperationError) {
        guard plan != nil else { return }
        try passSlowly(operation(), subject())
    }

    /// Several threads pass points when layers are on their way.
    private static func passSlowly(_ operation: String, _ subject: String?) throws(OperationError) {
        try lock.withLock { _ throws(OperationError) in try plan?.pass(operation, subject) }
    }

    /// Whether a test waits for a point of this process.
    package static var areArmed: Bool { plan != nil }

    /// For a process that has to put right what became of another one, with the same points.
    package static func disarm() { plan = nil }
}

private struct FaultPlan {
    private enum Action: String {
        case error, enospc, kill, killgroup, stop
    }

    private let action: Action?
    private let number: Int
    private let list: FaultList?
    private var count = 0

    /// Nil when neither variable is set.
    init?() {
        let fault = Self.variable("MYDOCKER_FAULT").map { $0.split(separator: "@", omittingEmptySubsequences: false) }
        let path = Self.variable("MYDOCKER_FAULT_LIST")
        if fault == nil, path == nil { return nil }
        list = path.map { FaultList($0) }
        action = fault.flatMap { $0.first }.flatMap { Action(rawValue: String($0)) }
        number = fault.flatMap { $0.last }.flatMap { Int($0) } ?? 0
        guard fault == nil || (fault?.count == 2 && action != nil && number > 0) else {
            refuse("MYDOCKER_FAULT is not error@N, enospc@N, kill@N, killgroup@N or stop@N")
        }
    }

    mutating func pass(_ operation: String, _ subject: String?) throws(OperationError) {
        count += 1
        list?.append("\(count) \(operation)\(subject.map { " \"\($0)\"" } ?? "")\n")
        guard count == number, let action else { return }
        switch action {
        case .error: throw OperationError(operation, subject, errno: EIO)
        case .enospc: throw OperationError(operation, subject, errno: ENOSPC)
        case .kill: Glibc.kill(getpid(), SIGKILL)
        case .killgroup: Glibc.kill(0, SIGKILL)
        case .stop: Glibc.kill(getpid(), SIGSTOP)
        }
    }

    /// Not from the environment of somebody who has fewer rights than this process.
    private static func variable(_ name: String) -> String? {
        guard let value = name.withKernelString({ clinux_secure_getenv($0) }), value.pointee != 0 else { return nil }
        return String(kernel: value)
    }
}

/// The file that points are listed in. It is a new one, and nothing else is ever written to.
private struct FaultList {
    private let path: String
    private let file: (dev_t, ino_t)

    init(_ path: String) {
        self.path = path
        let number = Self.open(path, O_CREAT | O_EXCL)
        guard number >= 0, let file = Self.identity(of: number) else {
            refuse("create MYDOCKER_FAULT_LIST \"\(path)\": \(String(kernel: strerror(-number)))")
        }
        close(number)
        self.file = file
    }

    /// One write(2), since copies of the process append too. A descriptor would not outlive what they close.
    func append(_ line: String) {
        let number = Self.open(path, O_NOFOLLOW | O_NONBLOCK)
        guard number >= 0 else { return }
        let list = Descriptor(owning: number)
        guard let found = Self.identity(of: number), found == file else { return }
        try? Files.writeAll(line.kernelBytes, to: list, named: path)
    }

    /// Not by `Descriptor.open`, which passes a point itself.
    private static func open(_ path: String, _ flags: Int32) -> Int32 {
        path.withKernelString { clinux_open($0, O_WRONLY | O_APPEND | flags, 0o600) }
    }

    private static func identity(of number: Int32) -> (dev_t, ino_t)? {
        var status = stat()
        return fstat(number, &status) == 0 ? (status.st_dev, status.st_ino) : nil
    }
}

private func refuse(_ reason: String) -> Never {
    let line = Array("mydocker: \(reason.escapingForeignBytes)\n".utf8)
    write(2, line, line.count)
    exit(125)
}
