import CLinux
import Core
import Glibc

package enum Socket {
    package struct Failure: Error, Sendable {
        package let errno: Int32
    }

    /// Binds a port, and listens unless it is UDP's.
    /// - Parameters:
    ///   - device: the only device whose packets may reach it; empty for all.
    /// - Returns: a descriptor that the caller owns.
    package static func reserve(
        _ address: IPAddress, port: UInt16, transport: TransportProtocol, device: String
    ) -> Result<Int32, Failure> {
        let bytes = address.bytes
        let result = clinux_reserve_port(bytes, bytes.count, port, Int32(transport.number), device)
        return result >= 0 ? .success(result) : .failure(Failure(errno: -result))
    }

    /// Whether the kernel has a protocol at all.
    package static func isOffered(_ transport: TransportProtocol) -> Bool {
        switch reserve(.loopbackIPv4, port: 0, transport: transport, device: "") {
        case .success(let socket): return close(socket) == 0
        case .failure(let failure): return failure.errno != EPROTONOSUPPORT
        }
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

    /// Whom a connection is from, and where it has come to.
    package static func ends(of connection: Int32) -> (peer: IPAddress?, own: IPAddress?) {
        (
            IPAddress { clinux_address_of_end(connection, 1, $0) },
            IPAddress { clinux_address_of_end(connection, 0, $0) }
        )
    }

    /// The other end is told that the connection is broken when it is closed here.
    package static func makeReset(_ connection: Int32) { _ = clinux_reset_on_close(connection) }

    /// For one that passes on what others send: these have settled already what goes in one piece. Else a piece would wait until the
    /// other end has told that it has the one before, which that may put off for 40 ms.
    package static func sendAtOnce(_ connection: Int32) { _ = clinux_send_at_once(connection) }

    /// The port that a bound socket has.
    package static func port(of socket: Int32) -> UInt16 {
        UInt16(truncatingIfNeeded: max(0, clinux_bound_port(socket)))
    }
}
