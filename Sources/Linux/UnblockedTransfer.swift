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

    /// How much there is to be read from a pipe, by either end of it.
    package static func bytesInPipe(_ pipe: Int32) -> Int { max(0, Int(clinux_bytes_in_pipe(pipe))) }
}
