import Core
import Glibc

/// The mounts of the namespace that the caller is in.
package enum Mounts {
    /// Takes the topmost mount at `path` off it; who uses it still may do so to the end.
    package static func detach(_ path: String) throws(OperationError) {
        try FaultPoint.pass("unmount", path)
        guard path.withKernelString({ umount2($0, Int32(MNT_DETACH | UMOUNT_NOFOLLOW)) }) == 0 else {
            throw OperationError("unmount", path, errno: errno)
        }
    }
}
