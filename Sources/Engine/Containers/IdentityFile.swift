import Core
import Glibc
import Lifecycle
import Linux

/// Where `--cidfile` wants the container's id: a file, which must not exist, or what the caller has open.
final class IdentityFile {
    private let path: String?
    private let isOpen: Bool
    /// Until the id is in it.
    private var descriptor: Descriptor?
    /// Milliseconds that a full pipe is waited for, and after which signals are looked for meanwhile.
    private static let patience: Int64 = 10_000
    private static let slice: Int32 = 50

    /// Nothing is written yet.
    init(_ path: String?) throws(OperationError) {
        self.path = path
        let number = path.flatMap { DescriptorPath.number(of: $0) }
        isOpen = number != nil
        guard let number else { return }
        if number > STDERR_FILENO {
            descriptor = Optional(Descriptor(owning: number))
        } else {
            descriptor = Optional(try Descriptor.duplicate(number))
        }
    }

    /// - Returns: the plan, which hands the id to a descriptor as soon as the container is on record to stay: what has gone there
    ///   is not taken back.
    func write(_ plan: ContainerPlan) throws(OperationError) -> ContainerPlan {
        guard let path else { return plan }
        let id = Array(plan.definition.id.hex.utf8)
        guard isOpen else {
            try create(path, id)
            return plan
        }
        var plan = plan
        plan.onRecord = { [self] () throws(OperationError) in try hand(id, path) }
        return plan
    }

    private func create(_ path: String, _ id: [UInt8]) throws(OperationError) {
        do throws(OperationError) {
            try Files.create(path, id, mode: 0o600)
            // The one file of the caller's own.
            try FaultPoint.pass("set mode of", path)
            _ = path.withKernelString { chmod($0, 0o666 & ~Umask.ofCaller) }
        } catch {
            guard error.errno == EEXIST else { throw error }
            throw OperationError(
                "container ID file found, make sure the other container isn't running or delete \(path)")
        }
    }

    /// It is closed then: whoever reads a pipe waits for its end, and a supervisor stays.
    private func hand(_ id: [UInt8], _ path: String) throws(OperationError) {
        guard let target = descriptor.take() else { return }
        try Self.awaitRoom(in: target, path)
        try FaultPoint.pass("write", path)
        // A reader that has gone is an error: it must not end us with the container on record.
        let former = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, former) }
        try Files.writeAll(id, to: target, named: path)
    }

    private static func awaitRoom(in target: borrowing Descriptor, _ path: String) throws(OperationError) {
        let deadline = Deadline(milliseconds: patience)
        while !Polling.wait(for: target, Int32(POLLOUT), milliseconds: slice) {
            try Interruption.check("write", path)
            guard deadline.millisecondsLeft > 0 else { throw OperationError("write", path, errno: ETIMEDOUT) }
        }
    }

    /// Another process has taken over, and hands it on.
    func letGo() { descriptor = nil }

    /// The container did not start.
    func remove() {
        if let path, !isOpen { try? Files.remove(path) }
    }
}
