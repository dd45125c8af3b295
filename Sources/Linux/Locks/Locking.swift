import CLinux
import Core
import Glibc

extension Descriptor {
    /// Takes the file's lock of flock(2) if nobody holds it.
    /// - Returns: 0, or EWOULDBLOCK when it is held, or another errno.
    package func tryLock(exclusive: Bool) -> Int32 {
        -retryingOnInterrupt { clinux_flock(number, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) }
    }

    /// Waits for the file's lock.
    /// - Returns: 0, EWOULDBLOCK when it was held all that time, EINTR when this command was asked to end meanwhile, or
    ///   another errno.
    package func lock(exclusive: Bool, until deadline: Deadline) -> Int32 {
        var failure = tryLock(exclusive: exclusive)
        while failure == EWOULDBLOCK {
            let left = deadline.millisecondsLeft
            if left == 0 { return EWOULDBLOCK }
            if Interruption.isPending { return EINTR }
            failure = -clinux_flock_for(number, exclusive ? LOCK_EX : LOCK_SH, min(left, 100))
        }
        return failure
    }

    /// Gives the file's lock up, also for copies of this descriptor (dup, fork).
    package func unlock() { _ = clinux_flock(number, LOCK_UN) }

    /// Waits for the file's lock.
    /// - Throws: also when it is not free in time, of the kind `timedOut`, or this command is asked to end.
    package func lock(
        named path: String, as operation: String = "lock", exclusive: Bool = true,
        within milliseconds: Int64 = FileLock.patience
    ) throws(OperationError) {
        let failure = lock(exclusive: exclusive, until: Deadline(milliseconds: milliseconds))
        switch failure {
        case 0: return
        case EWOULDBLOCK:
            let holder = LockHolder.find(path).map { "held by \($0)" } ?? "somebody holds it"
            let time = milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s"
            throw OperationError(
                operation, path, reason: "\(holder), waited \(time)",
                remedy: "wait for it or end it, then try again", kind: .timedOut)
        default:
            try Interruption.check(operation, path)
            throw OperationError(operation, path, errno: failure)
        }
    }
}
