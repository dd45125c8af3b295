import Core
import Lifecycle
import Networking
import Records

/// What `network explain --from … --to …` asks.
package struct PacketRequest: Equatable, Sendable {
    /// Of a container or an address.
    package var from: String
    /// The same, with a port behind a colon where the transport has such.
    package var to: String
    /// `tcp`, `udp` or `icmp`; nil is TCP where there is a port, else ICMP.
    package var transport: String?

    package init(from: String, to: String) {
        self.from = from
        self.to = to
    }
}

extension Engine {
    /// Follows a packet on its way by this host. Nothing is sent.
    package func trace(_ request: PacketRequest) throws(OperationError) -> PacketWay {
        let containers = tracedContainers()
        let (name, port) = try target(request.to)
        let family =
            (IPAddress(request.from) ?? IPAddress(name))?.family
            ?? usualFamily([request.from, name], containers)
        let number = try transport(request.transport ?? (port == nil ? "icmp" : "tcp"), family, port)
        let source = try address(request.from, containers, family, beside: nil)
        let destination = try address(name, containers, family, beside: source)
        let internals = InternalNetworks(among: try networkStore.all().definitions)
        var tracer = try PacketTracer(containers, internals, family)
        return tracer.trace(PacketQuestion(from: source, to: destination, number, port: port))
    }

    /// That of IPv4, unless one of these containers has an address of IPv6 alone.
    private func usualFamily(_ names: [String], _ containers: [TracedContainer]) -> AddressFamily {
        let meant = names.filter { IPAddress($0) == nil }.compactMap { try? container($0, among: containers) }
        let isOfIPv6 = meant.contains { container in
            !container.endpoints.contains { $0.address != nil } && container.endpoints.contains { $0.address6 != nil }
        }
        return isOfIPv6 ? .ipv6 : .ipv4
    }

    /// - Returns: of IP.
    private func transport(_ name: String, _ family: AddressFamily, _ port: UInt16?) throws(OperationError) -> UInt8 {
        let icmp: UInt8 = family == .ipv4 ? 1 : 58
        guard let number = ["icmp": icmp, "tcp": 6, "udp": 17][name] else {
            throw OperationError("unknown protocol \(name)", reason: "there are tcp, udp and icmp", kind: .invalid)
        }
        guard (port == nil) == (number == icmp) else {
            throw OperationError(
                number == icmp ? "icmp has no ports" : "\(name) needs a port",
                remedy: "use --to ADDRESS:PORT for tcp and udp, and --to ADDRESS for icmp", kind: .invalid)
        }
        return number
    }

    func tracedContainers() -> [TracedContainer] {
        ((try? containerStore.runtimeIDs()) ?? []).compactMap { id in
            guard let state = (try? containerStore.state(id)) ?? nil, state.isRunning else { return nil }
            let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
            return TracedContainer(name, state.endpoints)
        }
    }

    private func target(_ text: String) throws(OperationError) -> (name: String, port: UInt16?) {
        guard let colon = text.lastIndex(of: ":"), IPAddress(text) == nil else { return (text, nil) }
        guard let port = Decimal.parse(text[text.index(after: colon)...], in: 1...65535) else {
            throw OperationError(
                "invalid port", String(text[text.index(after: colon)...]), reason: "use 1 to 65535", kind: .invalid)
        }
        let name = text[..<colon]
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        return (String(isBracketed ? name.dropFirst().dropLast() : name), UInt16(port))
    }

    /// - Parameter other: of a container on several networks its address on that one's.
    private func address(
        _ text: String, _ containers: [TracedContainer], _ family: AddressFamily, beside other: IPAddress?
    ) throws(OperationError) -> IPAddress {
        if let address = IPAddress(text) {
            guard address.family == family else {
                throw OperationError(
                    "follow a packet", reason: "its addresses are one of IPv4 and one of IPv6", kind: .invalid)
            }
            return address
        }
        let container = try container(text, among: containers)
        let near = container.endpoints.first { endpoint in
            other.map { other in endpoint.subnets.contains { $0.contains(other) } } ?? false
        }
        guard let endpoint = near ?? container.endpoints.first else {
            throw OperationError("container \(container.name)", reason: "it has no address", kind: .unsupported)
        }
        guard try !host.drivers.of(endpoint).isBesideHost else {
            throw OperationError(
                "follow a packet of container \(container.name)",
                reason: "network \(endpoint.network) is beside this host",
                kind: .unsupported)
        }
        guard
            let address = (near ?? container.endpoints.first { $0.families.contains(family) } ?? endpoint).addresses
                .first(where: { $0.family == family })
        else {
            throw OperationError(
                "container \(container.name)", reason: "it has no address of \(family == .ipv4 ? "IPv4" : "IPv6")",
                kind: .unsupported)
        }
        return address
    }

    /// - Parameter text: its name, its id or the beginning of that.
    private func container(
        _ text: String, among containers: [TracedContainer]
    ) throws(OperationError) -> TracedContainer {
        let id = try containerStore.find(text)
        let name = try containerStore.definition(id)?.name.text ?? id.short
        guard let container = containers.first(where: { $0.name == name }) else {
            throw OperationError("container \(id) is not running", kind: .notRunning)
        }
        let owner = try networkOwner(of: id)
        if owner == id { return container }
        let other = try containerStore.definition(owner)?.name.text
        return containers.first { $0.name == other } ?? container
    }

    /// The container whose network namespace it is in.
    func networkOwner(of id: ContainerID) throws(OperationError) -> ContainerID {
        var owner = id
        // Who shares one may be shared itself; written by hand, in a circle.
        for _ in 0..<8 {
            guard case .container(let other)? = try containerStore.definition(owner)?.networkMode else { break }
            owner = other
        }
        return owner
    }
}
