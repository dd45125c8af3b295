import CLinux
import Core
import Glibc

package enum Socket {
    package struct Failure: Error, Sendable {
        package let errno: Int32
    }

    /// Binds a port, and listens when it is TCP.
    /// - Parameters:
    ///   - device: the only device whose packets may reach it; empty for all.
    /// - Returns: a descriptor that the caller owns.
    package static func reserve(
        _ address: IPAddress, port: UInt16, isTCP: Bool, device: String
    ) -> Result<Int32, Failure> {
        let bytes = address.bytes
        let result = clinux_reserve_port(bytes, bytes.count, port, isTCP ? 1 : 0, device)
        return result >= 0 ? .success(result) : .failure(Failure(errno: -result))
    }

    /// From now on only packets of `device` reach the socket.
    package static func bind(_ socket: Int32, to device: String) throws(OperationError) {
        try FaultPoint.pass("bind socket to device", device)
        let result = clinux_bind_to_device(socket, device)
        guard result == 0 else { throw OperationError("bind socket to device", device, errno: -result) }
    }

    /// The next connection that waits at a socket that never does; nil when there is none, or no descriptor for it.
    package static func accept(_ socket: Int32) -> Descriptor? {
        let result = retryingOnInterrupt { clinux_accept(socket) }
        return result < 0 ? nil : Descriptor(owning: result)
    }

    /// The other end is told that the connection is broken when it is closed here.
    package static func makeReset(_ connection: Int32) { _ = clinux_reset_on_close(connection) }

    /// The port that a bound socket has.
    package static func port(of socket: Int32) -> UInt16 {
        UInt16(truncatingIfNeeded: max(0, clinux_bound_port(socket)))
    }
}
