import Core

/// What somebody wants to know of a packet.
package struct PacketQuestion: Equatable, Sendable {
    package let source: IPAddress
    package let destination: IPAddress
    /// Of IP: 1, 6 or 17.
    package let transport: UInt8
    package let port: UInt16?

    package init(from source: IPAddress, to destination: IPAddress, _ transport: UInt8, port: UInt16?) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.port = port
    }
}
