import CLinux
import Core
import Glibc

/// A socket of this host by its path, which carries whole packets and descriptors (unix(7), SOCK_SEQPACKET). Nothing here waits.
package enum LocalSocket {
    /// Longer ones do not fit into sockaddr_un.
    private static let longestPath = 107

    /// Listens at `path`, where only the owner may connect. What is there already goes.
    package static func listen(at path: String, backlog: Int32) throws(OperationError) -> Descriptor {
        try FaultPoint.pass("create socket", path)
        var result = by(path) { clinux_listen_local($0, backlog) }
        if result == -EADDRINUSE {
            try Files.remove(path)
            result = by(path) { clinux_listen_local($0, backlog) }
        }
        guard result >= 0 else { throw OperationError("create socket", path, errno: -result) }
        return Descriptor(owning: result)
    }

    /// - Throws: EAGAIN when too many others wait there.
    package static func connect(to path: String) throws(OperationError) -> Descriptor {
        let result = by(path) { clinux_connect_local($0) }
        guard result >= 0 else { throw OperationError("connect to", path, errno: -result) }
        return Descriptor(owning: result)
    }

    /// A path that is too long is named by its directory's descriptor.
    private static func by(_ path: String, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        guard path.kernelBytes.count > longestPath, let slash = path.lastIndex(of: "/") else {
            return path.withKernelString { body($0) }
        }
        guard let directory = try? Descriptor.open(String(path[..<slash]), O_RDONLY | O_DIRECTORY) else {
            return -ENOENT
        }
        return "/proc/self/fd/\(directory.number)\(path[slash...])".withKernelString { body($0) }
    }

    /// The next connection that waits at `listener`.
    package static func accept(_ listener: Int32) -> Accepted {
        let result = retryingOnInterrupt { clinux_accept(listener) }
        switch result {
        case 0...: return .connection(Descriptor(owning: result))
        case -EAGAIN: return .none
        // One that has gone again, or is not ours to have: the next one may be.
        case -ECONNABORTED, -EPROTO, -EPERM: return .gone
        default: return .exhausted
        }
    }

    package enum Accepted: ~Copyable {
        case connection(Descriptor)
        case none
        case gone
        /// There is no descriptor or memory for it.
        case exhausted
    }

    /// The user at the other end; nil when that cannot be known.
    package static func peer(of connection: Int32) -> uid_t? {
        uid_t(exactly: clinux_peer_uid(connection))
    }

    /// - Returns: 0 or an errno.
    package static func send(
        _ packet: [UInt8], passing descriptors: [Int32] = [], to connection: Int32
    ) -> Int32 {
        let result = clinux_send_packet(connection, packet, packet.count, descriptors, descriptors.count)
        return result < 0 ? -result : 0
    }

    /// - Parameter limit: bytes; a longer packet is refused, and gone.
    package static func receive(_ connection: Int32, limit: Int) -> Received {
        var numbers = [Int32](repeating: -1, count: Int(CLINUX_MAX_PASSED))
        var count = 0
        var length: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            length = clinux_receive_packet(connection, buffer.baseAddress, limit, &numbers, &count)
            initialized = max(0, Int(length))
        }
        let passed = PassedDescriptors(numbers.prefix(count))
        switch length {
        case 1...: return .packet(bytes, passed)
        case -EAGAIN, -EINTR: return .nothing
        case -EMSGSIZE: return .tooLong
        default: return .end
        }
    }

    package enum Received {
        case packet([UInt8], PassedDescriptors)
        case nothing
        case tooLong
        /// The other end has gone.
        case end
    }
}

/// Descriptors that came with a packet, in their order. Those that nobody takes are closed.
package final class PassedDescriptors {
    private var numbers: ArraySlice<Int32>

    package init(_ numbers: ArraySlice<Int32> = []) { self.numbers = numbers }
    deinit { for number in numbers { close(number) } }

    package var count: Int { numbers.count }
    package func take() -> Descriptor? { numbers.popFirst().map { Descriptor(owning: $0) } }
}
