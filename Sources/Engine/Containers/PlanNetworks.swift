import Core
import Images
import Lifecycle
import Linux
import Networking
import Records

extension Engine {
    /// How a container is to be connected. Nothing is looked up.
    func networkMode(_ choices: [NetworkChoice]) throws(OperationError) -> NetworkMode {
        if choices.isEmpty { return .networks([EndpointWish(network: .predefinedBridge)]) }
        let alone = choices.first { ["host", "none"].contains($0.network) || $0.container != nil }
        guard let alone else { return .networks(try choices.map(wish)) }
        guard choices.count == 1 else {
            throw OperationError(
                "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
                remedy: "use --network \(alone.network) alone", kind: .invalid)
        }
        if !alone.aliases.isEmpty { throw Self.aliasNeedsNetwork }
        if let other = alone.container { return .container(try self.other(other, beside: alone)) }
        if alone.address != nil || alone.address6 != nil || alone.mac != nil {
            throw OperationError("conflicting options: --ip, --ip6 and --mac-address need a bridge network")
        }
        return alone.network == "host" ? .host : .none
    }

    /// The sentences are Docker's.
    private func other(_ name: String, beside choice: NetworkChoice) throws(OperationError) -> ContainerID {
        if choice.mac != nil {
            throw OperationError("conflicting options: mac-address and the network mode", kind: .invalid)
        }
        if choice.address != nil || choice.address6 != nil {
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
            for port in (image?.config.exposedPorts ?? []) + request.exposedPorts {
                publish.append(try PublishRequest(parsing: port))
            }
        }
        if case .container = mode, !publish.isEmpty || request.publishExposed {
            throw OperationError(
                "conflicting options: port publishing and the container type network mode",
                remedy: "publish the ports of the container whose network it has", kind: .invalid)
        }
        if !publish.isEmpty, mode == .host || mode == .none {
            throw OperationError(
                "conflicting options: cannot publish ports with --network \(mode.text)",
                remedy: mode == .host ? "the program listens on this host's ports already" : "use a bridge network")
        }
        return publish
    }

    /// The networks of a mode, in their order. Each is called in the mode by its name afterwards: it may have been given
    /// by its id. The predefined one is made when it is first asked for.
    func networks(for mode: inout NetworkMode) throws(OperationError) -> [NetworkDefinition] {
        guard case .networks(var wishes) = mode else { return [] }
        var networks: [NetworkDefinition] = []
        for index in wishes.indices {
            let network = try network(called: wishes[index].network)
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
    /// By the first network.
    mutating func publish(_ requests: [PublishRequest]) {
        guard case .networks(var wishes) = self, !wishes.isEmpty else { return }
        wishes[0].publish = requests
        self = .networks(wishes)
    }
}
