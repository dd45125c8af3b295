import CLinux
import Glibc

/// Reading and writing what is somebody else's, without waiting and without a change to it.
package enum UnblockedTransfer {
    /// What a socket has now.
    /// - Returns: how many bytes, 0 at the end, or -errno; -EAGAIN when there is nothing.
    package static func receive(_ socket: Int32, into memory: UnsafeMutableRawBufferPointer) -> Int {
        Int(clinux_receive(socket, memory.baseAddress, memory.count))
    }

    /// As much as a socket takes now.
    /// - Returns: how many bytes, or -errno.
    package static func send(_ bytes: UnsafeRawBufferPointer, to socket: Int32) -> Int {
        Int(clinux_send(socket, bytes.baseAddress, bytes.count))
    }

    /// - Returns: what a socket has now, none when there is nothing; nil at the end or when it has failed.
    package static func receive(_ socket: Int32, limit: Int) -> [UInt8]? {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            result = receive(socket, into: UnsafeMutableRawBufferPointer(buffer))
            count = max(0, result)
        }
        return result > 0 ? bytes : result == -Int(EAGAIN) || result == -Int(EINTR) ? [] : nil
    }

    package enum Reading {
        case bytes([UInt8])
        case nothing
        case end
        case failure
    }

    /// What a socket has now.
    package static func read(_ socket: Int32, limit: Int) -> Reading {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            result = receive(socket, into: UnsafeMutableRawBufferPointer(buffer))
            count = max(0, result)
        }
        if result > 0 { return .bytes(bytes) }
        return result == 0 ? .end : result == -Int(EAGAIN) || result == -Int(EINTR) ? .nothing : .failure
    }

    /// - Returns: how many of the bytes a socket has taken; nil when it has failed.
    package static func send(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Int? {
        let result = bytes.withUnsafeBytes { send($0, to: socket) }
        return result >= 0 ? result : result == -Int(EAGAIN) || result == -Int(EINTR) ? 0 : nil
    }

    /// Puts what a pipe begins with into another one as well, where it is one buffer at most after `shrink`.
    /// - Returns: how many bytes, 0 at the end, or -errno; -EAGAIN when there is nothing.
    package static func tee(_ pipe: Int32, to other: Int32) -> Int { Int(clinux_tee(pipe, other, 1 << 16)) }

    /// Takes what others have read of it off a pipe.
    package static func discard(_ count: Int, of pipe: Int32) {
        guard count > 0, let null = try? Descriptor.open("/dev/null", O_WRONLY) else { return }
        var left = count
        while left > 0 {
            let taken = Int(clinux_discard(pipe, null.number, left))
            if taken <= 0, taken != -Int(EINTR) { return }
            left -= max(0, taken)
        }
    }

    /// Makes a pipe hold one buffer: it can be written to again when that has been read whole.
    package static func shrink(_ pipe: Int32) { _ = clinux_shrink_pipe(pipe) }

    /// How much there is to be read from a pipe, by either end of it.
    package static func bytesInPipe(_ pipe: Int32) -> Int { max(0, Int(clinux_bytes_in_pipe(pipe))) }
}
