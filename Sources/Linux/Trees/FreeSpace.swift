import Core
import Glibc

extension Files {
    /// What others may still write to the file system of a path.
    package static func freeBytes(at path: String) throws(OperationError) -> Int64 {
        let place = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        var status = statvfs.init()
        guard fstatvfs(place.number, &status) == 0 else {
            throw OperationError("read free space of", path, errno: errno)
        }
        let (bytes, isTooLarge) = Int64(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int64(clamping: status.f_frsize))
        return isTooLarge ? .max : bytes
    }
}
