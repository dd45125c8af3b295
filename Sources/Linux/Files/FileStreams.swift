import Core
import Glibc

/// Streams and open files.
extension Files {
    /// To its end.
    /// - Throws: also EFBIG when there is more than `limit` bytes.
    package static func read(
        _ file: borrowing Descriptor, named name: String, limit: Int = 64 << 20
    ) throws(OperationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var capacity = 4096
        while true {
            let piece = try readPiece(of: file, named: name, limit: capacity)
            if piece.isEmpty { return bytes }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
            guard bytes.count <= limit else { throw OperationError("read", name, errno: EFBIG) }
            // Most are shorter than this; what is left is then an empty read.
            if bytes.count >= capacity { capacity = 65_536 }
        }
    }

    /// The first bytes of a stream, fewer where it ends before.
    package static func readBeginning(
        of file: borrowing Descriptor, named name: String, count: Int
    ) throws(OperationError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try readPiece(of: file, named: name, limit: count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// What comes next, of a length that the kernel chooses; empty at the end.
    package static func readPiece(
        of file: borrowing Descriptor, named name: String, limit: Int
    ) throws(OperationError) -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let n = Glibc.read(file.number, buffer.baseAddress, buffer.count)
                failure = n < 0 ? errno : 0
                count = max(0, n)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw OperationError("read", name, errno: failure) }
            return piece
        }
    }

    /// Copies a stream to its end.
    package static func copyRest(
        of input: borrowing Descriptor, to output: borrowing Descriptor, named name: String
    ) throws(OperationError) {
        try FaultPoint.pass("write", name)
        while true {
            let piece = try readPiece(of: input, named: name, limit: 1 << 18)
            if piece.isEmpty { return }
            try writeAll(piece, to: output, named: name)
        }
    }

    /// Replaces what an open file holds, in place.
    package static func overwrite(
        _ file: borrowing Descriptor, _ bytes: [UInt8], named name: String
    ) throws(OperationError) {
        try FaultPoint.pass("write", name)
        lseek(file.number, 0, SEEK_SET)
        try writeAll(bytes, to: file, named: name)
        try FaultPoint.pass("truncate", name)
        guard ftruncate(file.number, bytes.count) == 0 else { throw OperationError("write", name, errno: errno) }
    }

    package static func writeAll(
        _ bytes: some ContiguousBytes8, to file: borrowing Descriptor, named name: String
    ) throws(OperationError) {
        let number = file.number
        let failure: Int32 = bytes.withBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let n = Glibc.write(number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if n < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                rest = rest.dropFirst(n)
            }
            return 0
        }
        guard failure == 0 else { throw OperationError("write", name, errno: failure) }
    }
}
