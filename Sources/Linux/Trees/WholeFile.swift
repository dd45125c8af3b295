import CLinux
import Core
import Glibc

/// A file that gets its name once all is in it: whoever reads that sees what was there before, or the whole of it. It goes without
/// a trace with its last descriptor, unless the file system has no files without names: there a kill leaves `NAME.PID.tmp`.
package struct WholeFile: ~Copyable {
    package let descriptor: Descriptor
    private let place: TreePlace
    private let path: String
    private let temporary: FileName
    private var hasName: Bool

    /// - Parameters:
    ///   - place: of the file, which is replaced when there is one.
    ///   - path: what errors call it.
    package init(_ place: consuming TreePlace, path: String, mode: mode_t) throws(OperationError) {
        let temporary = FileName("\(place.name.text).\(getpid()).tmp")
        try FaultPoint.pass("create", path)
        let directory = place.directory.number
        var number = clinux_openat(directory, ".", Int32(CLINUX_O_TMPFILE) | O_DIRECTORY | O_WRONLY, mode)
        let needsName = number < 0
        if needsName {
            number = clinux_openat(directory, temporary.bytes, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
        }
        guard number >= 0 else { throw OperationError("create", path, errno: -number) }
        descriptor = Descriptor(owning: number)
        self.place = place
        self.path = path
        self.temporary = temporary
        hasName = needsName
    }

    deinit { if hasName { unlinkat(place.directory.number, temporary.bytes, 0) } }

    package consuming func finish() throws(OperationError) {
        let directory = place.directory.number
        if !hasName {
            try FaultPoint.pass("create", path)
            let result = clinux_link_unnamed(descriptor.number, directory, temporary.bytes)
            guard result == 0 else { throw OperationError("create", path, errno: -result) }
            hasName = true
        }
        try FaultPoint.pass("replace", path)
        guard renameat(directory, temporary.bytes, directory, place.name.bytes) == 0 else {
            throw OperationError("replace", path, errno: errno)
        }
        hasName = false
    }
}
