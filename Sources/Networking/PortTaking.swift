import Core
import Glibc
import Linux

/// How published ports are taken for a reservation, one after the other.
struct PortTaking {
    typealias Choice = (containerPort: UInt16, hostPorts: ClosedRange<UInt16>?)

    /// That sockets of IPv4 are bound to; empty is none.
    let device: String
    /// What the container has already: such a port is not asked for again.
    let held: [PortReservation.Held]
    /// Asked about a port that is taken: whether it was a dead container's and is free now.
    let isReleased: (UInt16, TransportProtocol) -> Bool
    /// Names the container that has a port, for the error.
    let holder: (UInt16, TransportProtocol) -> String?

    /// - Parameters:
    ///   - addresses: of this host; at each the port is the same one.
    ///   - others: what was taken before.
    func take(
        _ choice: Choice, of request: PublishRequest, at addresses: [IPAddress], beside others: [PortMapping],
        into sockets: DescriptorSet
    ) throws(OperationError) -> [PortMapping] {
        var failure = Failure(address: addresses.first ?? .anyIPv4, port: 0, errno: EADDRINUSE)
        // Port 0 lets the kernel choose a free one. Of another family it may be taken, and another one is tried.
        let any = [UInt16](repeating: 0, count: addresses.count > 1 ? 16 : 1)
        let own = kept(choice, request.transport, beside: others)
        // What it has goes on to be its.
        let first = own.first { addresses.contains($0.mapping.hostAddress) }.map { [$0.mapping.hostPort] } ?? []
        for port in first + (choice.hostPorts.map(Array.init) ?? any) {
            let taken = DescriptorSet()
            var mappings: [PortMapping] = []
            for address in addresses {
                let number = mappings.first?.hostPort ?? port
                let result = try socket(at: address, number, request.transport, among: own)
                guard case .success(let socket) = result else {
                    if case .failure(let error) = result {
                        failure = Failure(address: address, port: number, errno: error.errno)
                    }
                    break
                }
                taken.insert(socket)
                mappings.append(
                    PortMapping(
                        hostAddress: address, hostPort: number == 0 ? Socket.port(of: socket) : number,
                        containerPort: choice.containerPort, transport: request.transport))
            }
            guard mappings.count < addresses.count else {
                sockets.insert(all: taken)
                return mappings
            }
        }
        throw conflict(request.transport, failure)
    }

    /// Of what is held, that which may be the choice's.
    private func kept(
        _ choice: Choice, _ transport: TransportProtocol, beside others: [PortMapping]
    ) -> [PortReservation.Held] {
        held.filter { _, mapping in
            mapping.transport == transport && mapping.containerPort == choice.containerPort
                && (choice.hostPorts?.contains(mapping.hostPort) ?? true) && !others.contains(mapping)
        }
    }

    private func socket(
        at address: IPAddress, _ port: UInt16, _ transport: TransportProtocol, among own: [PortReservation.Held]
    ) throws(OperationError) -> Result<Int32, Socket.Failure> {
        let kept = own.first { $0.mapping.hostAddress == address && $0.mapping.hostPort == port }
        if let kept { return .success(try Descriptor.duplicate(kept.socket).release()) }
        return try bind(address, port, transport)
    }

    private func bind(
        _ address: IPAddress, _ port: UInt16, _ transport: TransportProtocol
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

    /// Of several addresses, and ports that would do, the last one.
    private struct Failure {
        let address: IPAddress
        let port: UInt16
        let errno: Int32
    }

    private func conflict(_ transport: TransportProtocol, _ failure: Failure) -> OperationError {
        let address = "\(failure.address.inURL):\(failure.port)"
        switch failure.errno {
        case EADDRINUSE:
            let owner = holder(failure.port, transport) ?? PortOwner.find(failure.port, transport)
            return OperationError(
                "Bind for \(address) failed: port is already allocated" + (owner.map { " (by \($0))" } ?? ""),
                remedy: "publish another host port, or stop what uses this one")
        case EPROTONOSUPPORT: return .noProtocol(transport)
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
