import Core
import Glibc
import Linux

/// Published ports, each held by a socket for as long as this value lives, so that no other program takes one.
///
/// A TCP port is listened on, which is what makes `ss -ltn` show it and keeps others from binding it. The
/// sockets are bound to the container's bridge, where nobody connects to this host: a packet that misses the
/// translation rule is refused as if nobody listened, never left in a queue. Those of IPv6 are bound to no device: what is sent
/// to `::1` cannot be translated, and so comes to them.
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
    ///   - hasIPv6: whether the network has.
    ///   - routed: families of which this host has no port for it.
    ///   - isReleased: asked about a port that is taken: whether it was a dead container's and is free now.
    ///   - holder: names the container that has a port, for the error.
    package init(
        _ requests: [PublishRequest], device: String, hasIPv6: Bool, routed: Set<AddressFamily> = [],
        isReleased: (UInt16, TransportProtocol) -> Bool,
        holder: (UInt16, TransportProtocol) -> String?
    ) throws(OperationError) {
        let sockets = DescriptorSet()
        var mappings: [PortMapping] = []
        for request in requests {
            let addresses = request.addresses(hasIPv6: hasIPv6).filter { !routed.contains($0.family) }
            for choice in addresses.isEmpty ? [] : request.choices {
                mappings += try Self.reserve(choice, request, addresses, device, sockets, isReleased, holder)
            }
        }
        self.sockets = sockets
        self.mappings = mappings
    }

    /// The container is on another bridge from now on. The ports stay reserved.
    package borrowing func move(to device: String) throws(OperationError) {
        for (socket, mapping) in zip(sockets.numbers, mappings) where mapping.hostAddress.family == .ipv4 {
            try Socket.bind(socket, to: device)
        }
    }

    /// The sockets that somebody has to listen at: those of IPv6.
    package borrowing func listening() -> [(socket: Int32, mapping: PortMapping)] {
        zip(sockets.numbers, mappings).filter { $0.1.hostAddress.family == .ipv6 }.map { ($0.0, $0.1) }
    }

    private static func reserve(
        _ choice: (containerPort: UInt16, hostPorts: ClosedRange<UInt16>?), _ request: PublishRequest,
        _ addresses: [IPAddress], _ device: String, _ sockets: DescriptorSet,
        _ isReleased: (UInt16, TransportProtocol) -> Bool,
        _ holder: (UInt16, TransportProtocol) -> String?
    ) throws(OperationError) -> [PortMapping] {
        var failure: (port: UInt16, errno: Int32) = (0, EADDRINUSE)
        // Port 0 lets the kernel choose a free one. Of another family it may be taken, and another one is tried.
        let any = [UInt16](repeating: 0, count: addresses.count > 1 ? 16 : 1)
        for port in choice.hostPorts.map(Array.init) ?? any {
            let taken = DescriptorSet()
            var mappings: [PortMapping] = []
            for address in addresses {
                let own = mappings.first?.hostPort ?? port
                let result = try bind(address, own, request.transport, device, isReleased)
                guard case .success(let socket) = result else {
                    if case .failure(let error) = result { failure = (own, error.errno) }
                    break
                }
                taken.insert(socket)
                mappings.append(
                    PortMapping(
                        hostAddress: address, hostPort: own == 0 ? Socket.port(of: socket) : own,
                        containerPort: choice.containerPort, transport: request.transport))
            }
            guard mappings.count < addresses.count else {
                sockets.insert(all: taken)
                return mappings
            }
        }
        throw conflict(request, failure, holder)
    }

    private static func bind(
        _ address: IPAddress, _ port: UInt16, _ transport: TransportProtocol, _ device: String,
        _ isReleased: (UInt16, TransportProtocol) -> Bool
    ) throws(OperationError) -> Result<Int32, Socket.Failure> {
        try FaultPoint.pass("publish port", "\(address.inURL):\(port)")
        let bind = {
            Socket.reserve(
                address, port: port, transport: transport, device: address.family == .ipv4 ? device : "")
        }
        let result = bind()
        guard case .failure(let error) = result, error.errno == EADDRINUSE, isReleased(port, transport) else {
            return result
        }
        return bind()
    }

    private static func conflict(
        _ request: PublishRequest, _ failure: (port: UInt16, errno: Int32),
        _ holder: (UInt16, TransportProtocol) -> String?
    ) -> OperationError {
        let address = "\((request.hostAddress ?? .anyIPv4).inURL):\(failure.port)"
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
