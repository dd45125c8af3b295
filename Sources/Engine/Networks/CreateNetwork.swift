import Core
import Lifecycle
import Linux
import Networking
import Records

extension Engine {
    /// Defines a network and makes it.
    /// - Returns: the network's id.
    package func createNetwork(_ request: NetworkRequest) throws(OperationError) -> ContainerID {
        try provideNetwork(request).id
    }

    /// - Returns: also whether it was made here, and not found.
    func provideNetwork(_ request: NetworkRequest) throws(OperationError) -> (id: ContainerID, isNew: Bool) {
        try prepare()
        guard let name = Name(request.name) else {
            throw Name.refusal(of: request.name, "invalid network")
        }
        guard !PredefinedNetwork.names.contains(name.text) else {
            throw OperationError("operation is not permitted on predefined \(name) network")
        }
        _ = try host.drivers.named(request.driver)
        try request.checkOptions()
        return try inScope { labels throws(OperationError) in
            try Scope.check(request.labels)
            var request = request
            request.labels.merge(labels) { $1 }
            return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
                if request.ignoresExisting, let network = try networkStore.definition(named: name) {
                    for difference in request.differences(from: network) {
                        warn("network \"\(name)\" exists: its \(difference)")
                    }
                    return (network.id, false)
                }
                let device = request.options.device ?? Self.device(for: name)
                return (try define(request, name, pool: SubnetChooser.userPool, device: device).id, true)
            }
        }
    }

    /// The network called `name`; the predefined one is made when it is first asked for.
    func network(called name: Name) throws(OperationError) -> NetworkDefinition {
        if let network = try networkStore.find(name.text) { return network }
        guard name == .predefinedBridge else { throw OperationError("network \(name) not found", kind: .notFound) }
        return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            if let network = try networkStore.definition(named: name) { return network }
            return try define(
                NetworkRequest(name: name.text), name, pool: SubnetChooser.defaultPool,
                device: PredefinedNetwork.bridgeDevice)
        }
    }

    /// The definition is written first: whatever fails or is killed after that can be undone from it.
    private func define(
        _ request: NetworkRequest, _ name: Name, pool: SubnetChooser.Pool, device: String
    ) throws(OperationError) -> NetworkDefinition {
        let firewall = request.firewall ?? .ofThisHost
        let driver = try host.drivers.named(request.driver)
        try networkStore.removeUnfinished()
        let (others, failures) = try networkStore.all()
        if others.contains(where: { $0.name == name }) { throw NetworkStore.conflict(name) }
        // What cannot be read could overlap.
        if let failure = failures.first { throw failure }
        guard try !HostSubnets.hasInterface(device) else {
            throw OperationError(
                "create bridge", device, reason: "an interface of that name exists and is not mydocker's",
                remedy: "give the network\(request.options.device == nil ? "" : "'s bridge") another name")
        }
        let gateways = try gateways(request, pool: pool, beside: others)
        let network = request.definition(name, gateways, device, firewall)
        do throws(OperationError) {
            try networkStore.create(network)
            try driver.create(network)
        } catch {
            try? driver.delete(network)
            try? networkStore.remove(network)
            throw error
        }
        host.announce(network.event("create"))
        for obstacle in driver.obstacles(to: network) { warn(obstacle) }
        return network
    }

    /// The network's own name when the kernel takes it as a device's.
    private static func device(for name: Name) -> String {
        name.text.isInterfaceName ? name.text : "br-\(ContainerID.random().short)"
    }
}

/// Networks that are there without being created.
enum PredefinedNetwork {
    static let names = ["bridge", "host", "none", "default"]
    static let bridgeDevice = "mydocker0"
}

extension NetworkRequest {
    fileprivate func definition(
        _ name: Name, _ gateways: (gateway: Subnet, gateway6: Subnet?), _ device: String, _ firewall: FirewallBackend
    ) -> NetworkDefinition {
        var network = NetworkDefinition(
            id: .random(), name: name, driver: driver, gateway: gateways.gateway, device: device, mtu: options.mtu,
            isInternal: isInternal, labels: labels, created: .now())
        network.gateway6 = gateways.gateway6
        network.firewall = firewall
        network.ranges = ranges
        network.auxiliary = auxiliary
        network.options = options
        network.options.device = device
        network.isAttachable = isAttachable
        return network
    }
}
