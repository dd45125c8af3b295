import CLinux
import Core
import Glibc

/// A connection to whoever takes messages. Nothing here waits but `awaitConnection`.
package struct MessageSocket: ~Copyable {
    package let descriptor: Descriptor
    package let peer: MessagePeer

    /// Of TCP it may not be there yet: what is sent then has to wait.
    /// - Parameter link: at which the address is one, by its name or number; nil where it is one everywhere.
    package static func connect(to peer: MessagePeer, at link: String? = nil) throws(OperationError) -> MessageSocket {
        let name = peer.description
        try FaultPoint.pass("connect to", name)
        let result =
            switch peer {
            case .path(let path, let isStream):
                path.withKernelString { clinux_connect_receiver($0, isStream ? 1 : 0) }
            case .internet(let address, let port, let isStream):
                // Without a link, addresses that need one are refused.
                clinux_connect_internet(
                    address.bytes, address.bytes.count, port, link.flatMap(LinkNumber.find) ?? 0, isStream ? 1 : 0)
            }
        guard result >= 0 else { throw OperationError("connect to", name, errno: -result) }
        return MessageSocket(descriptor: Descriptor(owning: result), peer: peer)
    }

    private init(descriptor: consuming Descriptor, peer: MessagePeer) {
        self.descriptor = descriptor
        self.peer = peer
    }

    /// Of one that something has come of: whether the other end has taken it.
    package static func isConnected(_ socket: Int32) -> Bool { clinux_connection_error(socket) == 0 }

    package consuming func intoDescriptor() -> Descriptor { descriptor }

    /// Waits until it is known that the other end takes what is sent.
    package func awaitConnection(milliseconds: Int32) throws(OperationError) {
        guard Polling.wait(for: descriptor, POLLOUT, milliseconds: milliseconds) else {
            throw OperationError("connect to", peer.description, errno: ETIMEDOUT)
        }
        let result = clinux_connection_error(descriptor.number)
        guard result == 0 else { throw OperationError("connect to", peer.description, errno: -result) }
    }

    /// - Returns: how many of the bytes have gone: all of them unless it is a stream; or a negative errno.
    package func send(_ bytes: ArraySlice<UInt8>) -> Int32 {
        retryingOnInterrupt {
            bytes.withUnsafeBytes { clinux_send_packet(descriptor.number, $0.baseAddress, $0.count, nil, 0) }
        }
    }

    /// Passes the bytes in memory that nobody can change, as journald takes what is too large for a message.
    /// - Returns: 0 or a negative errno.
    package func sendSealed(_ bytes: [UInt8]) -> Int32 {
        let result = clinux_sealed_memory(bytes, bytes.count)
        guard result >= 0 else { return result }
        let memory = Descriptor(owning: result)
        return -LocalSocket.send([], passing: [memory.number], to: descriptor.number)
    }
}
