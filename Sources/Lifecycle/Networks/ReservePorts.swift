import Core
import Linux
import Networking

extension Host {
    /// Takes the published ports, and says who has one that is taken.
    /// - Parameters:
    ///   - device: nil is the network's bridge, which may not be there yet.
    ///   - held: what the container has already of it.
    func reservePorts(
        _ requests: [PublishRequest], on network: NetworkDefinition, device: String? = nil,
        keeping held: [PortReservation.Held] = []
    ) throws(OperationError) -> PortReservation {
        let taken = network.portsOfHost(requests)
        try checkCount(taken, on: network, beside: held.count)
        try checkDistinct(taken, hasIPv6: network.families.contains(.ipv6))
        return try PortReservation(
            taken, device: device ?? network.device, families: network.families,
            routed: network.options.routedFamilies, keeping: held,
            isReleased: { port, transport in
                // A dead supervisor's child that has not reached exec yet holds its sockets a moment longer.
                // And one that nobody has on record may have been given back since it was asked for.
                publisher(of: port, transport).map(waitForRelease) ?? true
            },
            holder: { port, transport in
                guard let id = publisher(of: port, transport) else { return nil }
                let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
                return "container \"\(name)\""
            })
    }

    /// Whether ports of this host lead to members: not to a network beside it, nor to one whose addresses nobody knows.
    package func leadsToPorts(on network: NetworkDefinition) throws(OperationError) -> Bool {
        if !network.givesAddresses { return false }
        return try !drivers.of(network).isBesideHost
    }

    private func publisher(of port: UInt16, _ transport: TransportProtocol) -> ContainerID? {
        ((try? containerStore.runtimeIDs()) ?? []).first { id in
            let endpoints = ((try? containerStore.state(id)) ?? nil)?.endpoints ?? []
            return endpoints.flatMap(\.ports).contains { $0.hostPort == port && $0.transport == transport }
        }
    }

    /// Before any of them is taken. The container's program has limits of its own.
    /// - Parameter held: how many sockets there are already, some of which may be taken over.
    private func checkCount(
        _ requests: [PublishRequest], on network: NetworkDefinition, beside held: Int
    ) throws(OperationError) {
        let ports = requests.reduce(0) { $0 + $1.containerPorts.count }
        let sockets = network.socketsOfHost(requests)
        if sockets + held > Descriptor.limit - Self.otherDescriptors { Descriptor.raiseLimit() }
        let limit = Descriptor.limit
        guard ports > 0, sockets > limit - Self.otherDescriptors else { return }
        throw OperationError(
            "publish \(ports) ports",
            reason: "a process may have \(limit) files open, and a port takes one"
                + (sockets > ports ? " for each family of addresses" : ""),
            remedy: "publish fewer ports, or allow more open files (ulimit -n)", kind: .exhausted)
    }

    /// What a supervisor has open beside its ports, or more.
    private static let otherDescriptors = 100

    /// One command must not ask for the same port twice.
    private func checkDistinct(_ requests: [PublishRequest], hasIPv6: Bool) throws(OperationError) {
        for (index, request) in requests.enumerated() {
            for earlier in requests[..<index] where earlier.collides(with: request, hasIPv6: hasIPv6) {
                throw OperationError(
                    "port \(request.hostPorts?.lowerBound ?? 0)/\(request.transport.rawValue) is published twice")
            }
        }
    }
}

extension NetworkDefinition {
    /// Those of which a port of this host is taken: not where members are reached at their own addresses alone.
    package func portsOfHost(_ requests: [PublishRequest]) -> [PublishRequest] {
        requests.filter { request in
            request.addresses(hasIPv6: gateway6 != nil).contains { !options.routedFamilies.contains($0.family) }
        }
    }

    /// How many sockets hold those ports.
    fileprivate func socketsOfHost(_ requests: [PublishRequest]) -> Int {
        requests.reduce(0) { sum, request in
            let taken = request.addresses(hasIPv6: families.contains(.ipv6))
                .filter { !options.routedFamilies.contains($0.family) }
            return sum + request.containerPorts.count * taken.count
        }
    }

    /// What of published ports is open at members' own addresses.
    package func openPorts(_ requests: [PublishRequest]) -> [PortMapping] {
        requests.flatMap { $0.openPorts(of: options.routedFamilies, hasIPv6: gateway6 != nil) }
    }
}

extension [NetworkDefinition] {
    /// What is to be published goes by the network that leads of those that lead elsewhere; where none does, of those whose members'
    /// addresses are known.
    /// - Parameter wishes: one for each of these networks.
    package func settlePorts(of wishes: [EndpointWish]) -> [EndpointWish] {
        var wishes = wishes
        guard let publisher = publisher(wishes) else { return wishes }
        let publish = wishes.flatMap(\.publish)
        for index in wishes.indices { wishes[index].publish = index == publisher ? publish : [] }
        return wishes
    }

    package func publisher(_ wishes: [EndpointWish]) -> Index? {
        func leading(_ isMeant: (NetworkDefinition) -> Bool) -> Index? {
            wishes.leading(where: { $0 < count && self[$0].givesAddresses && isMeant(self[$0]) })
        }
        let leader = leading(\.leadsOut)
        if let leader, self[leader].firewall != .none { return leader }
        // Beside this host, or without a firewall, nothing is published: an internal network does that for this host.
        return leading { !$0.leadsOut && $0.firewall != .none } ?? leader ?? leading { _ in true }
    }
}
