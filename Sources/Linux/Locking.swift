import CLinux
import Glibc

extension Descriptor {
    /// Takes the file's lock of flock(2).
    /// - Returns: 0, or EWOULDBLOCK when it is held and `wait` is false, or another errno.
    package func lock(exclusive: Bool, wait: Bool) -> Int32 {
        let operation = (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)
        return -retryingOnInterrupt { clinux_flock(number, operation) }
    }
}
