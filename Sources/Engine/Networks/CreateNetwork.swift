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
        let request = try checked(request)
        return try inScope { labels throws(OperationError) in
            try FileLock.holding(layout.registryLock) { () throws(OperationError) in
                var request = request
                if request.ignoresExisting, let network = try networkStore.definition(named: name) {
                    request.labels.merge(labels) { $1 }
                    for difference in request.differences(from: network) {
                        warn("network \"\(name)\" exists: its \(difference)")
                    }
                    return (network.id, false)
                }
                request = try resolved(request)
                request.labels.merge(labels) { $1 }
                return (try define(request, name, pool: SubnetChooser.userPool).id, true)
            }
        }
    }

    /// What can be said of it before anything is looked up.
    private func checked(_ request: NetworkRequest) throws(OperationError) -> NetworkRequest {
        if let predefined = ["host": "host", "none": "null", "null": "null"][request.driver] {
            throw OperationError("only one instance of \"\(predefined)\" network is allowed", kind: .conflict)
        }
        var request = request
        let driver = try host.drivers.named(request.driver)
        try request.checkConfiguration()
        if request.isConfigOnly { request.driver = ConfigurationDriver.name }
        try request.checkOptions(of: driver)
        try Scope.check(request.labels)
        return request
    }

    /// The network called `name`; the predefined one is made when it is first asked for.
    func network(called name: Name) throws(OperationError) -> NetworkDefinition {
        if let network = try networkStore.find(name.text) { return network }
        guard name == .predefinedBridge else { throw OperationError("network \(name) not found", kind: .notFound) }
        return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            if let network = try networkStore.definition(named: name) { return network }
            var request = NetworkRequest(name: name.text)
            request.options.device = PredefinedNetwork.bridgeDevice
            return try define(request, name, pool: SubnetChooser.defaultPool)
        }
    }

    /// The definition is written first: whatever fails or is killed after that can be undone from it.
    private func define(
        _ request: NetworkRequest, _ name: Name, pool: SubnetChooser.Pool
    ) throws(OperationError) -> NetworkDefinition {
        var request = request
        let driver = try host.drivers.named(request.driver)
        // As in Docker: a parent of its own leads nowhere.
        if driver.isBesideHost, !request.isConfigOnly, request.options.parent == nil { request.isInternal = true }
        let firewall = driver.isBesideHost ? .none : request.firewall ?? .ofThisHost
        try networkStore.removeUnfinished()
        let (others, failures) = try networkStore.all()
        if others.contains(where: { $0.name == name }) { throw NetworkStore.conflict(name) }
        // What cannot be read could overlap.
        if let failure = failures.first { throw failure }
        let id = ContainerID.random()
        let device = Self.device(for: request, name, id, driver)
        if !driver.isBesideHost { try refuseForeign(device, isChosen: request.options.device == nil) }
        let gateways =
            request.isConfigOnly
            ? try configured(request)
            : try gateways(request, pool: pool, beside: others, isBesideHost: driver.isBesideHost)
        let network = request.definition(id, name, gateways, device, firewall)
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

    private func refuseForeign(_ device: String, isChosen: Bool) throws(OperationError) {
        guard try HostSubnets.hasInterface(device) else { return }
        throw OperationError(
            "create bridge", device, reason: "an interface of that name exists and is not mydocker's",
            remedy: "give the network\(isChosen ? "" : "'s bridge") another name")
    }

    /// A bridge has the network's own name when the kernel takes it as a device's; a parent of our own is called as in Docker.
    private static func device(
        for request: NetworkRequest, _ name: Name, _ id: ContainerID, _ driver: any NetworkDriver
    ) -> String {
        if request.isConfigOnly { return request.options.device ?? NetworkDefinition.noDevice }
        if driver.isBesideHost { return request.options.parent ?? "dm-\(id.short)" }
        return request.options.device ?? (name.text.isInterfaceName ? name.text : "br-\(ContainerID.random().short)")
    }
}

/// Networks that are there without being created.
enum PredefinedNetwork {
    static let names = ["bridge", "host", "none", "default"]
    static let bridgeDevice = "mydocker0"
}

extension NetworkRequest {
    fileprivate func definition(
        _ id: ContainerID, _ name: Name, _ gateways: (gateway: Subnet, gateway6: Subnet?), _ device: String,
        _ firewall: FirewallBackend
    ) -> NetworkDefinition {
        var network = NetworkDefinition(
            id: id, name: name, driver: driver, gateway: gateways.gateway, device: device, mtu: options.mtu,
            isInternal: isInternal, labels: labels, created: .now())
        network.gateway6 = gateways.gateway6
        network.firewall = firewall
        network.ranges = ranges
        network.auxiliary = auxiliary
        var options = options
        options.device = network.options.device
        network.options = options
        network.configFrom = configFrom.flatMap(Name.init)
        network.isAttachable = isAttachable
        return network
    }
}
