import Core
import Glibc
import Linux

/// Published ports, each held by a socket for as long as this value lives, so that no other program takes one.
///
/// A TCP port is listened on, which is what makes `ss -ltn` show it and keeps others from binding it. The
/// sockets are bound to the container's bridge, where nobody connects to this host: a packet that misses the
/// translation rule is refused as if nobody listened, never left in a queue.
package struct PortReservation: ~Copyable {
    package let sockets: DescriptorSet
    /// With the host ports that were chosen.
    package let mappings: [PortMapping]

    /// Takes over what another process has reserved.
    package init(_ sockets: DescriptorSet, of mappings: [PortMapping]) {
        self.sockets = sockets
        self.mappings = mappings
    }

    /// - Parameters:
    ///   - device: the bridge.
    ///   - isReleased: asked about a port that is taken: whether it was a dead container's and is free now.
    ///   - holder: names the container that has a port, for the error.
    package init(
        _ requests: [PublishRequest], device: String, isReleased: (UInt16, TransportProtocol) -> Bool,
        holder: (UInt16, TransportProtocol) -> String?
    ) throws(OperationError) {
        let sockets = DescriptorSet()
        var mappings: [PortMapping] = []
        for request in requests {
            for choice in request.choices {
                mappings.append(try Self.reserve(choice, request, device, sockets, isReleased, holder))
            }
        }
        self.sockets = sockets
        self.mappings = mappings
    }

    /// The container is on another bridge from now on. The ports stay reserved.
    package borrowing func move(to device: String) throws(OperationError) {
        for socket in sockets.numbers { try Socket.bind(socket, to: device) }
    }

    private static func reserve(
        _ choice: (containerPort: UInt16, hostPorts: ClosedRange<UInt16>?), _ request: PublishRequest,
        _ device: String, _ sockets: DescriptorSet, _ isReleased: (UInt16, TransportProtocol) -> Bool,
        _ holder: (UInt16, TransportProtocol) -> String?
    ) throws(OperationError) -> PortMapping {
        var failure: (port: UInt16, errno: Int32) = (0, EADDRINUSE)
        // Port 0 lets the kernel choose a free one.
        for port in choice.hostPorts ?? 0...0 {
            try FaultPoint.pass("publish port", "\(request.hostAddress):\(port)")
            let reserve = {
                Socket.reserve(request.hostAddress, port: port, transport: request.transport, device: device)
            }
            var result = reserve()
            if case .failure(let error) = result, error.errno == EADDRINUSE, isReleased(port, request.transport) {
                result = reserve()
            }
            switch result {
            case .success(let socket):
                sockets.insert(socket)
                return PortMapping(
                    hostAddress: request.hostAddress, hostPort: port == 0 ? Socket.port(of: socket) : port,
                    containerPort: choice.containerPort, transport: request.transport)
            case .failure(let error): failure = (port, error.errno)
            }
        }
        throw conflict(request, failure, holder)
    }

    private static func conflict(
        _ request: PublishRequest, _ failure: (port: UInt16, errno: Int32),
        _ holder: (UInt16, TransportProtocol) -> String?
    ) -> OperationError {
        let address = "\(request.hostAddress):\(failure.port)"
        switch failure.errno {
        case EADDRINUSE:
            let owner = holder(failure.port, request.transport) ?? PortOwner.find(failure.port, request.transport)
            return OperationError(
                "Bind for \(address) failed: port is already allocated" + (owner.map { " (by \($0))" } ?? ""),
                remedy: "publish another host port, or stop what uses this one")
        case EPROTONOSUPPORT: return .noProtocol(request.transport)
        case EADDRNOTAVAIL:
            return OperationError("Bind for \(address) failed", reason: "no address of this host")
        case EMFILE:
            return OperationError(
                "Bind for \(address) failed", errno: EMFILE,
                remedy: "publish fewer ports, or allow more open files (ulimit -n): a port takes one")
        default: return OperationError("Bind for \(address) failed", errno: failure.errno)
        }
    }
}

extension OperationError {
    /// Where the kernel lacks a transport protocol.
    package static func noProtocol(_ transport: TransportProtocol) -> OperationError {
        let name = transport.rawValue
        return OperationError(
            "publish a port of \(name)", reason: "the kernel has no \(name) (CONFIG_IP_\(name.uppercased()))",
            remedy: "run: modprobe \(name)", kind: .unsupported)
    }
}
