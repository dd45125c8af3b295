import Core
import Glibc

/// A name in a directory: bytes that need not be text, with a zero behind them.
package struct FileName: Hashable, Sendable {
    package let bytes: [CChar]

    package init(_ text: String) { bytes = text.kernelBytes.map(CChar.init(bitPattern:)) + [0] }

    /// One that somebody else has chosen.
    /// - Throws: EINVAL of what would lead elsewhere: with a slash or a zero byte in it, `.`, `..`, or empty.
    package init(single text: String) throws(OperationError) {
        let name = FileName(text)
        guard name.isSingle else {
            throw OperationError("invalid file name \(JSON.quoted(text))", kind: .invalid)
        }
        self = name
    }

    /// Whether it names something in a directory, and not the directory itself or what lies elsewhere.
    package var isSingle: Bool {
        let name = bytes.dropLast()
        return !name.isEmpty && !name.contains(0x2f) && !name.contains(0) && Array(name) != [0x2e]
            && Array(name) != [0x2e, 0x2e]
    }

    fileprivate init(bytes: [CChar]) { self.bytes = bytes }

    /// Of no file.
    static let none = FileName(bytes: [0])
    package static let itself = FileName(".")

    package var text: String { bytes.withUnsafeBytes { String(kernel: $0.dropLast()) } }

    /// The names in a directory, unsorted; none when it cannot be read.
    package static func all(in directory: borrowing Descriptor) -> [FileName] {
        (try? directory.entryNames()) ?? []
    }
}

extension FileName: Comparable {
    /// By bytes.
    package static func < (left: FileName, right: FileName) -> Bool { strcmp(left.bytes, right.bytes) < 0 }
}

extension Descriptor {
    /// What is in a directory, unsorted.
    package func entryNames() throws(OperationError) -> [FileName] {
        let copy = try open(at: ".", O_RDONLY | O_DIRECTORY).release()
        guard let stream = fdopendir(copy) else {
            let failure = errno
            close(copy)
            throw OperationError("read directory", errno: failure)
        }
        defer { closedir(stream) }
        var names: [FileName] = []
        errno = 0
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) + [0]
            }
            if bytes != [0x2e, 0], bytes != [0x2e, 0x2e, 0] { names.append(FileName(bytes: bytes)) }
            errno = 0
        }
        guard errno == 0 else { throw OperationError("read directory", errno: errno) }
        return names
    }
}
