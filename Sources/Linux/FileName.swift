import Core
import Glibc

/// The bytes of a file name with a zero behind them. They need not be text: a container may use any.
package typealias FileName = [CChar]

extension FileName {
    package var kernelText: String { withUnsafeBytes { String(kernel: $0.dropLast()) } }
}

extension Descriptor {
    /// What is in a directory that has just been opened for reading, unsorted.
    package func entryNames() throws(OperationError) -> [FileName] {
        let copy = try duplicate().release()
        guard let stream = fdopendir(copy) else {
            let failure = errno
            close(copy)
            throw OperationError("read directory", errno: failure)
        }
        defer { closedir(stream) }
        var names: [FileName] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) + [0]
            }
            if name != [0x2e, 0], name != [0x2e, 0x2e, 0] { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw OperationError("read directory", errno: errno) }
        return names
    }

    package func status(of name: FileName) -> stat? {
        var status = stat()
        return fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }
}
