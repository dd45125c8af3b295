package enum TransportProtocol: String, Sendable, CaseIterable {
    case tcp, udp, sctp

    /// Of IP.
    package var number: UInt8 {
        switch self {
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        }
    }

    /// `tcp, udp or sctp`
    package static let choice =
        allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or "
        + (allCases.last?.rawValue ?? "")
}

/// One published port: what arrives at `hostPort` of this host goes to `containerPort` of the container.
package struct PortMapping: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// `0.0.0.0` stands for every address of the host.
    package let hostAddress: IPAddress
    package let hostPort: UInt16
    package let containerPort: UInt16
    package let transport: TransportProtocol

    package init(
        hostAddress: IPAddress = .anyIPv4, hostPort: UInt16, containerPort: UInt16, transport: TransportProtocol = .tcp
    ) {
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.transport = transport
    }

    /// `0.0.0.0:80->8080/tcp`, as `ps` shows it.
    package var description: String { "\(hostAddress.inURL):\(hostPort)->\(containerPort)/\(transport.rawValue)" }

    package static func < (left: PortMapping, right: PortMapping) -> Bool {
        (left.containerPort, left.transport.rawValue, left.hostAddress, left.hostPort)
            < (right.containerPort, right.transport.rawValue, right.hostAddress, right.hostPort)
    }

    /// Whether both want the same port of the same host address.
    package func collides(with other: PortMapping) -> Bool {
        transport == other.transport && hostPort == other.hostPort
            && hostAddress.shares(other.hostAddress)
    }
}

extension IPAddress {
    /// Of addresses to listen at: whether what comes in at one may come in at the other.
    fileprivate func shares(_ other: IPAddress) -> Bool {
        family == other.family && (self == other || isUnspecified || other.isUnspecified)
    }
}

extension PortMapping: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            hostAddress: try reader.text("hostAddress", IPAddress.init),
            hostPort: try reader.value("hostPort", UInt16.init(port:)),
            containerPort: try reader.value("containerPort", UInt16.init(port:)),
            transport: try reader.text("protocol", TransportProtocol.init))
    }

    package var json: JSON {
        [
            "hostAddress": .string(hostAddress.description), "hostPort": .number(hostPort),
            "containerPort": .number(containerPort), "protocol": .string(transport.rawValue),
        ]
    }
}

extension UInt16 {
    fileprivate init?(port json: JSON) {
        guard let number = json.int, (1...65_535).contains(number) else { return nil }
        self.init(number)
    }
}

/// What `-p` asks for: ports that may still have to be chosen.
package struct PublishRequest: Hashable, Sendable {
    /// Nil: every address of this host, of IPv6 too where the network has that.
    package private(set) var hostAddress: IPAddress?
    /// Nil: any free port.
    package let hostPorts: ClosedRange<UInt16>?
    package let containerPorts: ClosedRange<UInt16>
    package let transport: TransportProtocol

    /// Reads `[[HOST-IP:][HOST-PORT[-LAST]]:]CONTAINER-PORT[-LAST][/tcp|udp|sctp]`.
    ///
    /// A range of host ports goes with a range of as many container ports, or with one container
    /// port: the first free one is taken then.
    package init(parsing text: String) throws(OperationError) {
        func invalid(_ reason: String) -> OperationError {
            OperationError("invalid port specification", text, reason: reason)
        }
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2,
            let transport = TransportProtocol(rawValue: halves.count == 2 ? halves[1].lowercased() : "tcp")
        else { throw invalid("the protocol must be \(TransportProtocol.choice)") }
        guard let parts = Self.parts(halves[0]) else { throw invalid(Self.complaint(aboutForm: halves[0])) }
        guard let containerPorts = ClosedRange(ports: parts.containerPort) else {
            throw invalid(Self.complaint(aboutPorts: parts.containerPort, of: "container"))
        }
        var hostPorts: ClosedRange<UInt16>?
        if let hostPort = parts.hostPort, !hostPort.isEmpty, hostPort != "0" {
            hostPorts = ClosedRange(ports: hostPort)
            guard hostPorts != nil else { throw invalid(Self.complaint(aboutPorts: hostPort, of: "host")) }
        }
        var address: IPAddress?
        if let text = parts.address {
            address = IPAddress(text)
            // Other addresses are no host's own.
            guard let address, address.isUnicast, !address.isMappedOrOfLink else {
                throw invalid("invalid host IP \(JSON.quoted(text))")
            }
        }
        if let hostPorts, containerPorts.count > 1, hostPorts.count != containerPorts.count {
            throw invalid("invalid ranges: \(hostPorts.count) host ports for \(containerPorts.count) container ports")
        }
        self.init(hostAddress: address, hostPorts: hostPorts, containerPorts: containerPorts, transport: transport)
    }

    private static func complaint(aboutPorts text: String, of side: String) -> String {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        let isReversed = ends.count == 2 && ClosedRange<UInt16>(ports: "\(ends[1])-\(ends[0])") != nil
        return "invalid \(side) port \(JSON.quoted(text)) (\(isReversed ? "the range is reversed" : "1 to 65535"))"
    }

    private static func complaint(aboutForm text: Substring) -> String {
        let words = text.split(separator: ":", omittingEmptySubsequences: false)
        let address = words.dropLast(2).joined(separator: ":")
        guard words.count > 3, IPAddress(address)?.family == .ipv6 else {
            return "use [HOST-IP:]HOST-PORT:CONTAINER-PORT"
        }
        let ports = words.suffix(2).joined(separator: ":")
        return "an address of IPv6 is in brackets: [\(address)]:\(ports)"
    }

    private typealias Parts = (address: String?, hostPort: String?, containerPort: String)

    /// An address of IPv6 is in brackets.
    private static func parts(_ text: Substring) -> Parts? {
        var rest = text
        var address: String?
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            address = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard rest.popFirst() == ":" else { return nil }
        }
        let words = rest.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if let address { return words.count == 2 ? (address, words[0], words[1]) : nil }
        guard (1...3).contains(words.count) else { return nil }
        return (
            words.count == 3 ? words[0] : nil, words.count > 1 ? words[words.count - 2] : nil, words[words.count - 1]
        )
    }

    /// The same at `usual` where no address was named.
    package func settled(usual: IPAddress?) -> PublishRequest {
        var request = self
        if request.hostAddress == nil { request.hostAddress = usual }
        return request
    }

    package init(
        hostAddress: IPAddress?, hostPorts: ClosedRange<UInt16>?, containerPorts: ClosedRange<UInt16>,
        transport: TransportProtocol
    ) {
        self.hostAddress = hostAddress
        self.hostPorts = hostPorts
        self.containerPorts = containerPorts
        self.transport = transport
    }

    /// Where the port is taken: at each the same one.
    package func addresses(hasIPv6: Bool) -> [IPAddress] {
        if let hostAddress { return [hostAddress] }
        return hasIPv6 ? [.anyIPv4, .anyIPv6] : [.anyIPv4]
    }

    /// Whether it is asked for at one address of this host alone, of one of these families.
    package func isBound(amongst families: Set<AddressFamily>) -> Bool {
        hostAddress.map { !$0.isUnspecified && families.contains($0.family) } ?? false
    }

    /// What is to be open at a container's own addresses, of these families. What is asked for at one address of this host is not:
    /// whoever does not reach that one is not to reach the container.
    package func openPorts(of families: Set<AddressFamily>, hasIPv6: Bool) -> [PortMapping] {
        if isBound(amongst: families) { return [] }
        return addresses(hasIPv6: hasIPv6).map(\.family).filter(families.contains).flatMap { family in
            containerPorts.map { port in
                PortMapping(
                    hostAddress: family == .ipv4 ? .anyIPv4 : .anyIPv6, hostPort: port, containerPort: port,
                    transport: transport)
            }
        }
    }

    /// One entry per container port, with the host ports that would do for it: nil means any.
    package var choices: [(containerPort: UInt16, hostPorts: ClosedRange<UInt16>?)] {
        guard let hostPorts else { return containerPorts.map { ($0, nil) } }
        if containerPorts.count == 1 { return [(containerPorts.lowerBound, hostPorts)] }
        return zip(containerPorts, hostPorts).map { ($0, $1...$1) }
    }

    /// Whether both ask for the same fixed port of the same host address.
    /// - Parameter hasIPv6: as in `addresses`.
    package func collides(with other: PublishRequest, hasIPv6: Bool) -> Bool {
        guard let ours = hostPorts, let theirs = other.hostPorts, transport == other.transport else { return false }
        let others = other.addresses(hasIPv6: hasIPv6)
        guard addresses(hasIPv6: hasIPv6).contains(where: { others.contains(where: $0.shares) }) else { return false }
        // A range of host ports for one container port takes whichever is free.
        return choices.count == ours.count && other.choices.count == theirs.count && ours.overlaps(theirs)
    }
}

extension [PublishRequest] {
    /// `-P`: with each of these exposed ports, once, that none of them publishes yet. What is bound to one address of this host must not
    /// be open at all of them.
    package func exposing(_ ports: [String]) throws(OperationError) -> [PublishRequest] {
        var requests = self
        for text in ports {
            let exposed = try PublishRequest(parsing: text)
            for port in exposed.containerPorts where !requests.bind(port, exposed.transport) {
                requests.append(
                    PublishRequest(
                        hostAddress: nil, hostPorts: nil, containerPorts: port...port, transport: exposed.transport))
            }
        }
        return requests
    }

    private func bind(_ port: UInt16, _ transport: TransportProtocol) -> Bool {
        contains { $0.transport == transport && $0.containerPorts.contains(port) }
    }
}
