import Core
import Images
import Lifecycle
import Linux
import Networking
import Records

extension Engine {
    /// How a container is to be connected. No network is looked up but for what is called by the start of an id.
    func networkMode(_ choices: [NetworkChoice]) throws(OperationError) -> NetworkMode {
        if choices.isEmpty { return .networks([EndpointWish(network: .predefinedBridge)]) }
        let choices = try choices.map { choice throws(OperationError) in try byName(choice) }
        let alone = choices.first { $0.standsAlone }
        guard let alone else { return .networks(try wishes(choices)) }
        guard choices.count == 1 else {
            throw OperationError(
                "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
                remedy: "use --network \(alone.network) alone", kind: .invalid)
        }
        if !alone.aliases.isEmpty { throw Self.aliasNeedsNetwork }
        if let other = alone.container { return .container(try self.other(other, beside: alone)) }
        guard alone.isBare else {
            throw OperationError(
                "conflicting options: --ip, --ip6 and --mac-address need a bridge network", kind: .invalid)
        }
        if let path = alone.namespace { return .namespace(try Self.absolute(path)) }
        return alone.network == "host" ? .host : .none
    }

    private static func absolute(_ path: String) throws(OperationError) -> String {
        if path.hasPrefix("/") { return path }
        throw OperationError(
            "invalid network namespace \(JSON.quoted(path))", reason: "use an absolute path: ns:/run/netns/NAME",
            kind: .invalid)
    }

    private func wishes(_ choices: [NetworkChoice]) throws(OperationError) -> [EndpointWish] {
        let interfaces = choices.compactMap(\.interface)
        if let twice = interfaces.first(where: { name in interfaces.count { $0 == name } > 1 }) {
            throw OperationError("interface name \(twice) is asked for twice", kind: .invalid)
        }
        return try choices.map(wish)
    }

    /// The sentences are Docker's.
    private func other(_ name: String, beside choice: NetworkChoice) throws(OperationError) -> ContainerID {
        if choice.mac != nil {
            throw OperationError("conflicting options: mac-address and the network mode", kind: .invalid)
        }
        guard choice.isBare else {
            throw OperationError(
                "conflicting options: --ip and the network mode", remedy: "the container has the other one's address",
                kind: .invalid)
        }
        return try containerStore.find(name)
    }

    private func wish(_ choice: NetworkChoice) throws(OperationError) -> EndpointWish {
        guard let name = Name(choice.network) else {
            throw OperationError("network \(choice.network) not found", kind: .notFound)
        }
        return try wish(choice, on: name)
    }

    func wish(_ choice: NetworkChoice, on network: Name) throws(OperationError) -> EndpointWish {
        if network.isOfPredefinedNetwork, !choice.aliases.isEmpty { throw Self.aliasNeedsNetwork }
        var wish = EndpointWish(network: network, address: choice.address, mac: choice.mac, aliases: choice.aliases)
        wish.address6 = choice.address6
        wish.linkLocal = choice.linkLocal
        wish.gatewayPriority = choice.gatewayPriority
        wish.interface = choice.interface
        return wish
    }

    /// Docker's words.
    private static var aliasNeedsNetwork: OperationError {
        OperationError(
            "network-scoped alias is supported only for containers in user defined networks",
            remedy: "make a network with network create, and name it with --network", kind: .invalid)
    }

    func publishRequests(
        _ request: RunRequest, _ image: Image?, _ mode: NetworkMode
    ) throws(OperationError) -> [PublishRequest] {
        var publish = request.publish
        if request.publishExposed {
            publish = try publish.exposing((image?.config.exposedPorts ?? []) + request.exposedPorts)
        }
        if case .namespace = mode, !publish.isEmpty || request.publishExposed {
            throw OperationError(
                "conflicting options: port publishing and a network namespace that is there before (--network ns:PATH)",
                remedy: "leave the ports away: the program listens in that namespace", kind: .invalid)
        }
        if mode.isOfAnother, !publish.isEmpty || request.publishExposed {
            throw OperationError(
                "conflicting options: port publishing and the container type network mode",
                remedy: "publish the ports of the container whose network it has", kind: .invalid)
        }
        guard case .networks = mode else {
            // As in Docker, which says nothing of those that -P alone would publish, nor of `none`.
            if mode == .host, !request.publish.isEmpty {
                warn("Published ports are discarded when using host network mode")
            }
            return []
        }
        // TCP and UDP are there wherever there is IPv4.
        if publish.contains(where: { $0.transport == .sctp }), !Socket.isOffered(.sctp) {
            throw OperationError.noProtocol(.sctp)
        }
        if publish.isEmpty { return [] }
        let network = publisher(mode.wishes)
        if let network { try refuseAddresses(publish, on: network) }
        var usual = network?.options.hostBinding ?? request.publishAddress
        if usual == nil { usual = try layout.readConfiguration().publishAddress }
        return publish.map { $0.settled(usual: usual) }
    }

    /// The network by which ports will go, as `settlePorts` has it; nil: it is the predefined one, and not there yet.
    private func publisher(_ wishes: [EndpointWish]) -> NetworkDefinition? {
        let networks = wishes.map { known($0.network) }
        let all = networks.compactMap { $0 }
        if all.count == networks.count { return all.publisher(wishes).map { all[$0] } }
        let index = wishes.leading(where: { networks[$0].map { $0.leadsOut && $0.givesAddresses } ?? true })
        return (index ?? wishes.leading).flatMap { networks[$0] }
    }

    /// Where members are reached at their own addresses, everybody who has a route would reach a port that was to be at one address of
    /// this host: at 127.0.0.1, say.
    private func refuseAddresses(
        _ publish: [PublishRequest], on network: NetworkDefinition
    ) throws(OperationError) {
        guard let bound = publish.first(where: { $0.isBound(amongst: network.options.routedFamilies) }),
            let address = bound.hostAddress
        else { return }
        throw OperationError(
            "publish port at \(address)",
            reason: "members of network \(network.name) are reached at their own addresses (gateway mode routed)",
            remedy: "name no address with -p, or use a network with gateway mode nat", kind: .invalid)
    }

    /// Docker says nothing of the first two, and opens the third to everybody.
    func warnOfPorts(_ mode: NetworkMode, _ networks: [NetworkDefinition]) throws(OperationError) {
        for (wish, network) in zip(networks.settlePorts(of: mode.wishes), networks) where !wish.publish.isEmpty {
            if !network.givesAddresses { throw network.givesNone("-p") }
            if try host.drivers.of(network).isBesideHost {
                warn("network \(network.name) is beside this host: no port of it leads there, and -p publishes nothing")
            } else if network.isInternal {
                warn("network \(network.name) is internal: what -p publishes is for this host alone, at localhost")
            }
            let bound = wish.publish.first { $0.isBound(amongst: network.options.routedFamilies) }
            guard let address = bound?.hostAddress else { continue }
            warn(
                "members of network \(network.name) are reached at their own addresses (gateway mode routed): "
                    + "what is published at \(address) is not opened there")
        }
    }

    /// One that is not there is told later.
    private func known(_ network: Name) -> NetworkDefinition? { (try? networkStore.find(network.text)) ?? nil }

    /// The networks of a mode, in their order. Each is called in the mode by its name afterwards: it may have been given
    /// by its id. The predefined one is made when it is first asked for.
    func networks(for mode: inout NetworkMode) throws(OperationError) -> [NetworkDefinition] {
        guard case .networks(var wishes) = mode else { return [] }
        var networks: [NetworkDefinition] = []
        for index in wishes.indices {
            let network = try network(called: wishes[index].network)
            if network.isConfigOnly { throw ConfigurationDriver.refusal }
            guard !networks.contains(where: { $0.id == network.id }) else {
                throw OperationError("network \"\(network.name)\" is specified multiple times", kind: .invalid)
            }
            wishes[index].network = network.name
            networks.append(network)
        }
        mode = .networks(wishes)
        return networks
    }
}

extension NetworkMode {
    /// Whether its network is one that somebody else has made, other than this host's.
    var isOfAnother: Bool {
        switch self {
        case .container, .namespace: true
        case .none, .host, .networks: false
        }
    }

    /// By the network that leads.
    mutating func publish(_ requests: [PublishRequest]) {
        guard case .networks(var wishes) = self, let leading = wishes.leading else { return }
        wishes[leading].publish = requests
        self = .networks(wishes)
    }
}
