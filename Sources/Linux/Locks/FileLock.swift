import Core
import Glibc

/// A lock of flock(2), held until this value goes or its process dies.
///
/// docs/architecture.md has the order in which they are taken, and how long each is held.
package struct FileLock: ~Copyable {
    private let file: Descriptor

    /// Milliseconds. Each lock of ours is held for one short change: after that time it is a stranger's, or its holder was
    /// stopped.
    package static let patience: Int64 = 60_000

    /// Waits until the lock is free. The file is made when there is none.
    /// - Throws: also when it is not free in time, of the kind `timedOut`, or this command is asked to end.
    package static func acquire(
        _ path: String, as operation: String = "lock", within milliseconds: Int64 = patience
    ) throws(OperationError) -> FileLock {
        while true {
            let file = try Descriptor.open(path, O_RDWR | O_CREAT, as: operation)
            try file.lock(named: path, as: operation, within: milliseconds)
            if isStill(file, at: path) { return FileLock(file: file) }
        }
    }

    /// The same of a directory, which must be there.
    package static func acquireDirectory(
        _ path: String, exclusive: Bool = true, within milliseconds: Int64 = patience
    ) throws(OperationError) -> FileLock {
        let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        try directory.lock(named: path, exclusive: exclusive, within: milliseconds)
        return FileLock(file: directory)
    }

    /// Nil when somebody else has it, alone.
    package static func shareDirectory(_ path: String) throws(OperationError) -> FileLock? {
        let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        let failure = directory.tryLock(exclusive: false)
        if failure == EWOULDBLOCK { return nil }
        guard failure == 0 else { throw OperationError("lock", path, errno: failure) }
        return FileLock(file: directory)
    }

    /// Runs `body` with the lock held.
    package static func holding<Result: ~Copyable>(
        _ path: String, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        let lock = try acquire(path)
        do throws(OperationError) {
            let result = try body()
            lock.release()
            return result
        } catch {
            lock.release()
            throw error
        }
    }

    package consuming func release() {}

    /// The file: the lock is held as long as that is open.
    package consuming func intoDescriptor() -> Descriptor { file }

    /// Nil when somebody else holds it until `deadline`, when there is no file, and when this command is asked to end.
    /// - Parameter creating: makes the file when there is none.
    package static func tryAcquire(
        _ path: String, creating: Bool, until deadline: Deadline
    ) throws(OperationError) -> FileLock? {
        let file: Descriptor
        do throws(OperationError) {
            file = try Descriptor.open(path, O_RDWR | (creating ? O_CREAT : 0), as: "lock")
        } catch {
            guard error.errno == ENOENT else { throw error }
            return nil
        }
        let failure = file.lock(exclusive: true, until: deadline)
        if failure == EWOULDBLOCK || failure == EINTR { return nil }
        guard failure == 0 else { throw OperationError("lock", path, errno: failure) }
        return isStill(file, at: path) ? FileLock(file: file) : nil
    }

    /// Whether anybody holds the lock now. A file that is not there is not held.
    package static func isHeld(_ path: String) -> Bool {
        guard let file = try? Descriptor.open(path, O_RDONLY) else { return false }
        return file.tryLock(exclusive: false) == EWOULDBLOCK
    }

    private init(file: consuming Descriptor) { self.file = file }

    /// Whether another file is there by now.
    package static func isReplaced(_ file: borrowing Descriptor, at path: String) -> Bool {
        Files.exists(path) && !isStill(file, at: path)
    }

    /// The holder before us may have removed the file: then our lock is on one that nobody finds.
    package static func isStill(_ file: borrowing Descriptor, at path: String) -> Bool {
        var ours = stat()
        guard fstat(file.number, &ours) == 0, let named = Files.status(path) else { return false }
        return ours.st_ino == named.st_ino && ours.st_dev == named.st_dev
    }
}
