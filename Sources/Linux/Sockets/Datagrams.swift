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

    /// As many as come or go with one call.
    package static let mostAtOnce = Int(CLINUX_MAX_DATAGRAMS)

    /// The next datagram; nil when there is none. What is longer than `limit` is cut off.
    package static func receive(_ socket: Int32, limit: Int) -> (bytes: [UInt8], peer: Peer)? {
        var (received, length): (Int32, UInt32) = (0, 0)
        var peer = clinux_peer()
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            received = clinux_receive_from(socket, buffer.baseAddress, limit, &length, &peer, 1)
            count = received == 1 ? Int(length) : 0
        }
        return received == 1 ? (bytes, Peer(value: peer)) : nil
    }

    /// Those that have come, `mostAtOnce` of them at most.
    package static func receiveAll(_ socket: Int32, limit: Int) -> [(bytes: [UInt8], peer: Peer)] {
        var lengths = [UInt32](repeating: 0, count: mostAtOnce)
        var peers = [clinux_peer](repeating: clinux_peer(), count: mostAtOnce)
        return withUnsafeTemporaryAllocation(byteCount: mostAtOnce * limit, alignment: 1) { memory in
            let count = clinux_receive_from(
                socket, memory.baseAddress, limit, &lengths, &peers, UInt32(mostAtOnce))
            return (0..<max(0, Int(count))).map { index in
                let bytes = memory[index * limit..<index * limit + Int(lengths[index])]
                return ([UInt8](bytes), Peer(value: peers[index]))
            }
        }
    }

    /// What does not go at once is lost, as any datagram may be.
    package static func send(_ bytes: [UInt8], by socket: Int32, to peer: Peer) {
        var length = UInt32(bytes.count)
        withUnsafePointer(to: peer.value) { _ = clinux_send_to(socket, bytes, &length, $0, 1) }
    }
}

/// Datagrams that are to go together.
package struct UnsentDatagrams {
    /// One behind the other.
    private var bytes: [UInt8] = []
    private var lengths: [UInt32] = []
    private var peers: [clinux_peer] = []

    package init() {}

    /// No more are to wait.
    package var isFull: Bool { lengths.count >= Datagrams.mostAtOnce || bytes.count >= 16_384 }

    package mutating func add(_ datagram: [UInt8], to peer: Datagrams.Peer) {
        bytes += datagram
        lengths.append(UInt32(datagram.count))
        peers.append(peer.value)
    }

    /// What does not go at once is lost, as any datagram may be.
    package mutating func send(by socket: Int32) {
        var (next, place) = (0, 0)
        while next < lengths.count {
            let sent = send(by: socket, from: next, at: place)
            // One that cannot go is left out.
            let end = next + max(1, sent)
            place += lengths[next..<end].reduce(0) { $0 + Int($1) }
            next = end
        }
        let isSmall = bytes.capacity <= 4096
        bytes.removeAll(keepingCapacity: isSmall)
        lengths.removeAll(keepingCapacity: isSmall)
        peers.removeAll(keepingCapacity: isSmall)
    }

    /// - Returns: how many have gone, or a negative errno.
    private func send(by socket: Int32, from next: Int, at place: Int) -> Int {
        bytes.withUnsafeBytes { bytes in
            lengths[next...].withUnsafeBufferPointer { lengths in
                peers[next...].withUnsafeBufferPointer { peers in
                    Int(
                        clinux_send_to(
                            socket, bytes.baseAddress?.advanced(by: place), lengths.baseAddress, peers.baseAddress,
                            UInt32(lengths.count)))
                }
            }
        }
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
