import CLinux
import Core
import Glibc

/// A network namespace that is kept by descriptors alone: it goes with them, and with the processes that join it.
package struct NetworkNamespace: ~Copyable {
    /// A sysctl, by its path below /proc/sys/net.
    package struct Setting: Equatable, Sendable {
        package let key: String
        package let value: String
        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// For setns(2), and for links that are to be born inside.
    package let descriptor: Descriptor
    /// Whether it has all settings that were asked for: /proc/sys may be read-only.
    package let hasSettings: Bool
    private var socket: Descriptor?

    /// - Throws: when the kernel makes none, as ENOSPC at the limit of `user.max_net_namespaces`.
    package static func create(_ settings: [Setting]) throws(OperationError) -> NetworkNamespace {
        try FaultPoint.pass("create network namespace")
        return try make(settings)
    }

    /// The calling thread is inside until this returns.
    fileprivate static func make(_ settings: [Setting]) throws(OperationError) -> NetworkNamespace {
        var network = clinux_network()
        let result = clinux_enter_network(&network)
        guard result == 0 else {
            throw OperationError(
                "create network namespace", errno: -result, remedy: -result == EPERM ? "run as root" : nil)
        }
        let hasSettings = settings.allSatisfy(write)
        clinux_leave_network(&network)
        return NetworkNamespace(
            Descriptor(owning: network.own), socket: Descriptor(owning: network.route), hasSettings: hasSettings)
    }

    /// That which a file stands for: /proc/PID/ns/net, or a mount of it such as ip-netns(8) makes.
    /// - Returns: for setns(2).
    package static func open(_ path: String) throws(OperationError) -> Descriptor {
        let operation = "join network namespace"
        // Whoever opens a pipe or a device waits for somebody, or does something.
        guard let status = Files.status(path, followLinks: true) else {
            throw OperationError(operation, path, errno: ENOENT, kind: .notFound)
        }
        if status.isRegular {
            let file = try Descriptor.open(path, O_RDONLY, as: operation)
            if clinux_is_network(file.number) != 0 { return file }
        }
        throw OperationError(
            operation, path, reason: "it is no network namespace",
            remedy: "name a file such as /run/netns/NAME or /proc/PID/ns/net", kind: .invalid)
    }

    /// - Parameter socket: an rtnetlink socket that was opened inside.
    package init(_ descriptor: consuming Descriptor, socket: consuming Descriptor, hasSettings: Bool) {
        self.descriptor = descriptor
        self.socket = Optional(socket)
        self.hasSettings = hasSettings
    }

    private static func write(_ setting: Setting) -> Bool {
        guard let file = try? Descriptor.open("/proc/sys/net/" + setting.key, O_WRONLY) else { return false }
        return (try? Files.writeAll(Array(setting.value.utf8), to: file, named: setting.key)) != nil
    }

    /// An rtnetlink socket that was opened inside; nil the second time.
    package mutating func takeSocket() -> Descriptor? { socket.take() }

    fileprivate consuming func send(by end: borrowing Descriptor) {
        _ = LocalSocket.send([hasSettings ? 1 : 0], passing: [descriptor.number, socket.number], to: end.number)
    }
}

/// Has a copy of this process make a network namespace, which takes the kernel half a millisecond, while this one goes on.
package final class NetworkNamespaceOffer {
    private let settings: [NetworkNamespace.Setting]
    private var ends: Pipe

    package init(_ settings: [NetworkNamespace.Setting]) throws(OperationError) {
        try FaultPoint.pass("create network namespace")
        ends = try Descriptor.socketPair()
        self.settings = settings
    }

    /// The copy's side. It is back in its own namespace when this returns. What fails is for the other side to try again,
    /// and to report.
    package func fulfil() {
        ends.closeRead()
        guard let end = ends.takeWrite(), let namespace = try? NetworkNamespace.make(settings) else { return }
        namespace.send(by: end)
    }

    /// This process's side. Where none comes, as from a copy that was killed or stopped, it makes one itself.
    package func take() throws(OperationError) -> NetworkNamespace {
        ends.closeWrite()
        if let end = ends.takeRead(), Polling.wait(for: end, POLLIN, milliseconds: 500),
            let namespace = Self.receive(end)
        {
            return namespace
        }
        return try NetworkNamespace.make(settings)
    }

    private static func receive(_ end: borrowing Descriptor) -> NetworkNamespace? {
        guard case .packet(let bytes, let passed) = LocalSocket.receive(end.number, limit: 1), passed.count == 2,
            let descriptor = passed.take(), let socket = passed.take()
        else { return nil }
        return NetworkNamespace(descriptor, socket: socket, hasSettings: bytes == [1])
    }
}

extension Optional where Wrapped: ~Copyable, Wrapped == NetworkNamespace {
    /// -1 when there is none.
    package var number: Int32 {
        switch self {
        case .some(let namespace): namespace.descriptor.number
        case .none: -1
        }
    }

    /// True when there is none, which has nothing to be set.
    package var hasSettings: Bool {
        switch self {
        case .some(let namespace): namespace.hasSettings
        case .none: true
        }
    }
}
