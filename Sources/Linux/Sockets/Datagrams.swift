import CLinux
import Core

/// Datagrams of UDP at a socket that many send to. Nothing here waits.
package enum Datagrams {
    /// Whom a datagram is from.
    package struct Peer: Hashable, Sendable {
        fileprivate let value: clinux_peer

        package var address: IPAddress? {
            withUnsafePointer(to: value) { value in IPAddress { clinux_address_of_peer(value, $0) } }
        }

        package static func == (left: Peer, right: Peer) -> Bool {
            left.value.name == right.value.name
        }
        package func hash(into hasher: inout Hasher) {
            hasher.combine(value.name.0)
            hasher.combine(value.name.1)
            hasher.combine(value.name.2)
        }
    }

    /// The next datagram; nil when there is none. What is longer than `limit` is cut off.
    package static func receive(_ socket: Int32, limit: Int) -> (bytes: [UInt8], peer: Peer)? {
        var length: Int32 = 0
        var peer = clinux_peer()
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            length = clinux_receive_from(socket, buffer.baseAddress, limit, &peer)
            count = max(0, Int(length))
        }
        return length < 0 ? nil : (bytes, Peer(value: peer))
    }

    /// What does not go at once is lost, as any datagram may be.
    package static func send(_ bytes: [UInt8], by socket: Int32, to peer: Peer) {
        withUnsafePointer(to: peer.value) { _ = clinux_send_to(socket, bytes, bytes.count, $0) }
    }
}

extension IPAddress {
    /// - Parameter fill: writes 4 or 16 bytes and says how many, or 0.
    init?(_ fill: (UnsafeMutablePointer<UInt8>) -> Int32) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let size = Int(fill(&bytes))
        guard size > 0 else { return nil }
        let number = bytes.prefix(size).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        self.init(size == 4 ? .ipv4 : .ipv6, number: number)
    }
}
