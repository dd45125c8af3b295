import CLinux
import Core
import Glibc

/// Copying by descriptors, an entry of a directory at a time.
extension Descriptor {
    /// - Parameter flags: of open(2).
    package func open(
        entry name: FileName, _ flags: Int32, mode: mode_t = 0, named path: String
    ) throws(OperationError) -> Descriptor {
        let result = retryingOnInterrupt { clinux_openat(number, name.bytes, flags, mode) }
        guard result >= 0 else { throw OperationError("open", path, errno: -result) }
        return Descriptor(owning: result)
    }

    /// A directory in this one; nil for what is mounted there.
    package func open(unmounted name: FileName) throws(OperationError) -> Descriptor? {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let result = retryingOnInterrupt {
            clinux_openat2(number, name.bytes, flags, 0, UInt64(CLINUX_RESOLVE_NO_XDEV))
        }
        if result == -EXDEV { return nil }
        guard result >= 0 else { throw OperationError("open", name.text, errno: -result) }
        return Descriptor(owning: result)
    }

    /// Bytes that are copied before somebody is asked whether it is to end.
    package static let portion: Int64 = 64 << 20

    /// Copies the next up to `limit` bytes of data of a file of `size` bytes; holes stay holes.
    /// - Parameter position: where it goes on; `size` at the end.
    /// - Returns: 0 or an errno.
    package func copyNext(
        to target: borrowing Descriptor, from position: inout Int64, limit: Int64, size: Int64
    ) -> Int32 {
        -clinux_copy_next(number, target.number, &position, limit, size)
    }

    /// Gives a file or directory the owner, mode, attributes and times of another one.
    /// - Returns: 0 or an errno.
    package func takeAttributes(of source: borrowing Descriptor) -> Int32 {
        var status = stat()
        guard fstat(source.number, &status) == 0 else { return errno }
        // A change of the owner takes other things away.
        guard fchown(number, status.st_uid, status.st_gid) == 0 else { return errno }
        guard fchmod(number, status.st_mode & 0o7777) == 0 else { return errno }
        let failure = clinux_copy_attributes(
            source.number, number, Int32(CLINUX_COPY_CAPABILITIES | CLINUX_COPY_OTHERS))
        guard failure >= 0 else { return -failure }
        return futimens(number, [status.st_atim, status.st_mtim]) == 0 ? 0 : errno
    }

    /// Moves an entry into another directory of the file system.
    /// - Returns: false when there is something of that name.
    package func move(_ name: FileName, to target: borrowing Descriptor, named path: String) throws(OperationError)
        -> Bool
    {
        try FaultPoint.pass("create", path)
        let status = clinux_rename_new(number, name.bytes, target.number)
        guard status >= 0 || status == -EEXIST else { throw OperationError("create", path, errno: -status) }
        return status >= 0
    }
}
