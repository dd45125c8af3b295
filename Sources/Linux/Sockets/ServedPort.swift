import CLinux
import Core

/// A socket of UDP or TCP over IPv4 at which others ask. Nothing here waits.
package struct ServedPort: ~Copyable {
    package let descriptor: Descriptor
    package let port: UInt16

    /// - Parameters:
    ///   - address: of IPv4.
    ///   - port: 0 is any that is free.
    package init(_ address: IPAddress, port: UInt16, isTCP: Bool) throws(OperationError) {
        let name = "\(address):\(port)"
        try FaultPoint.pass("listen at", name)
        let result = clinux_serve_port(try address.ofIPv4(), port, isTCP ? 1 : 0)
        guard result >= 0 else { throw OperationError("listen at", name, errno: -result) }
        descriptor = Descriptor(owning: result)
        self.port = port == 0 ? Socket.port(of: result) : port
    }

    /// One that listens already.
    package init(_ descriptor: consuming Descriptor) {
        port = Socket.port(of: descriptor.number)
        self.descriptor = descriptor
    }

    /// Whether something comes within some microseconds, for which this process stays awake: to sleep and be woken by another processor takes
    /// as long as to answer.
    package func expectsMore(within microseconds: Int) -> Bool {
        clinux_poll_awake(descriptor.number, microseconds * 1000) == 1
    }

    /// Of TCP: the next connection that waits; nil when there is none, or no descriptor for it.
    package func accept() -> Descriptor? { Socket.accept(descriptor.number) }

    /// The datagrams that have come, as many as come with one call. What is longer than `limit` is cut off.
    package func receive(limit: Int) -> [(bytes: [UInt8], peer: Datagrams.Peer)] {
        Datagrams.receiveAll(descriptor.number, limit: limit)
    }

    /// What does not go at once is lost, as any datagram may be.
    package func send(_ datagrams: inout UnsentDatagrams) { datagrams.send(by: descriptor.number) }
}
