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
        let name = try checkedName(request)
        let request = try checked(request)
        return try inScope { labels throws(OperationError) in
            try FileLock.holding(layout.registryLock) { () throws(OperationError) in
                if let network = try existing(name, request.labelled(labels)) { return (network.id, false) }
                return (try define(resolved(request).labelled(labels), name).id, true)
            }
        }
    }

    /// What a person would type to have what `createNetwork` makes. Nothing is changed.
    package func commands(creating request: NetworkRequest) throws(OperationError) -> [ShellCommand] {
        let name = try checkedName(request)
        let request = try checked(request)
        if try existing(name, request) != nil { return [] }
        let wanted = try resolved(request)
        let network = try settle(wanted, name)
        let commands = try host.drivers.commands(for: NetworkPlan([network], [], upon: .found), isStale: host.isStale)
        let driver = try host.drivers.of(network)
        warnOfPublicSubnet(of: network, wanted, driver)
        for obstacle in driver.obstacles(toPlanned: network) { warn(obstacle.warning) }
        return commands
    }

    private func checkedName(_ request: NetworkRequest) throws(OperationError) -> Name {
        guard let name = Name(request.name) else {
            throw Name.refusal(of: request.name, "invalid network")
        }
        guard !PredefinedNetwork.names.contains(name.text) else {
            throw OperationError("operation is not permitted on predefined \(name) network")
        }
        return name
    }

    /// One that will do (`--ignore`).
    private func existing(_ name: Name, _ request: NetworkRequest) throws(OperationError) -> NetworkDefinition? {
        guard request.ignoresExisting, let network = try networkStore.definition(named: name) else { return nil }
        for difference in request.differences(from: network) {
            warn("network \"\(name)\" exists: its \(difference)")
        }
        return network
    }

    /// What can be said of it before anything is looked up.
    private func checked(_ request: NetworkRequest) throws(OperationError) -> NetworkRequest {
        if let predefined = ["host": "host", "none": "null", "null": "null"][request.driver] {
            throw OperationError("only one instance of \"\(predefined)\" network is allowed", kind: .conflict)
        }
        var request = request
        let driver = try host.drivers.named(request.driver, mode: request.options.mode)
        try request.checkConfiguration()
        if request.isConfigOnly { request.driver = ConfigurationDriver.name }
        try request.checkOptions(of: driver)
        try request.options.checkBridgeName()
        try Scope.check(request.labels)
        return request
    }

    /// The network called `name`; the predefined one is made when it is first asked for.
    func network(called name: Name) throws(OperationError) -> NetworkDefinition {
        if let network = try networkStore.find(name.text) { return network }
        guard name == .predefinedBridge else { throw OperationError("network \(name) not found", kind: .notFound) }
        return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            if let network = try networkStore.definition(named: name) { return network }
            return try define(NetworkRequest(name: name.text), name)
        }
    }

    /// The same, but that nothing is made: the predefined one is what it would be.
    func plannedNetwork(called name: Name) throws(OperationError) -> NetworkDefinition {
        if let network = try networkStore.find(name.text) { return network }
        guard name == .predefinedBridge else { throw OperationError("network \(name) not found", kind: .notFound) }
        return try settle(NetworkRequest(name: name.text), name)
    }

    /// The definition is written first: whatever fails or is killed after that can be undone from it.
    private func define(_ request: NetworkRequest, _ name: Name) throws(OperationError) -> NetworkDefinition {
        try networkStore.removeUnfinished()
        let network = try settle(request, name)
        let driver = try host.drivers.of(network)
        do throws(OperationError) {
            try networkStore.create(network)
            try driver.create(network)
        } catch {
            try? driver.delete(network)
            try? networkStore.remove(network)
            throw error
        }
        host.announce(network.event("create"))
        warnOfPublicSubnet(of: network, request, driver)
        for obstacle in driver.obstacles(to: network) { warn(obstacle.warning) }
        return network
    }

    /// What it will be like. Nothing is made.
    private func settle(_ request: NetworkRequest, _ name: Name) throws(OperationError) -> NetworkDefinition {
        let isPredefined = name == .predefinedBridge
        var request = request
        if isPredefined { request.options.device = PredefinedNetwork.bridgeDevice }
        let driver = try host.drivers.named(request.driver, mode: request.options.mode)
        // As in Docker: a parent of its own leads nowhere.
        let hasParent = request.options.parent != nil || request.options.isUnmanaged
        if driver.isBesideHost, !request.isConfigOnly, !hasParent { request.isInternal = true }
        let configuration = try layout.readConfiguration()
        let firewall: FirewallBackend =
            driver.isBesideHost ? .none : request.firewall ?? configuration.firewall ?? .ofThisHost
        if !driver.isBesideHost { try request.checkFirewall(firewall) }
        let (others, failures) = try networkStore.all()
        if others.contains(where: { $0.name == name }) { throw NetworkStore.conflict(name) }
        // What cannot be read could overlap.
        if let failure = failures.first { throw failure }
        let id = isPredefined ? ContainerID.ofPredefinedNetwork(name) : .random()
        let device = Self.device(for: request, name, id, driver)
        if !driver.isBesideHost { try refuseForeign(device, isChosen: request.options.device == nil) }
        try request.takeSubnets(of: device)
        let pools = configuration.pools(orElse: isPredefined ? SubnetChooser.defaultPool : SubnetChooser.userPool)
        let gateways =
            request.isConfigOnly
            ? try configured(request)
            : try gateways(request, pools: pools, beside: others, isBesideHost: driver.isBesideHost)
        if driver.isBesideHost, !request.isConfigOnly {
            try request.reserve(HostSubnets.addresses(of: device), of: device, gateways)
        }
        let network = request.definition(id, name, gateways, device, firewall)
        try request.checkLeases(of: network)
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
        if driver.isBesideHost, !request.options.isUnmanaged { return request.options.parent ?? "dm-\(id.short)" }
        return request.options.device ?? (name.text.isInterfaceName ? name.text : "br-\(ContainerID.random().short)")
    }
}

/// Networks that are there without being created.
enum PredefinedNetwork {
    static let names = ["bridge", "host", "none", "default"]
    static let bridgeDevice = "mydocker0"
}

extension NetworkRequest {
    /// Of IPv6 alone the first addresses of the subnet are given out: as many as there are leases.
    fileprivate func checkLeases(of network: NetworkDefinition) throws(OperationError) {
        guard network.gateway == nil, let gateway6 = network.gateway6, !network.isConfigOnly else { return }
        guard let range = network.range(of: .ipv6), !network.hasLeasesInRange else { return }
        let space = network.leaseSpace
        let ends = [space.hosts.lowerBound, space.hosts.upperBound].compactMap { network.address6(beside: $0) }
        throw OperationError(
            "invalid ip-range \(range)",
            reason: "containers get the first \(1 << (32 - space.prefixLength)) addresses of \(gateway6.network)",
            remedy:
                "give a part of \(ends.map(\.description).joined(separator: "-")); --ip6 takes any address of the subnet",
            kind: .unsupported)
    }

    /// Of a bridge of others its own subnets, for the families that none is named of.
    fileprivate mutating func takeSubnets(of device: String) throws(OperationError) {
        guard options.isUnmanaged, !isConfigOnly, givesAddresses else { return }
        let wanted = (hasIPv4 ? [AddressFamily.ipv4] : []) + (hasIPv6 ? [.ipv6] : [])
        for family in wanted where !subnets.contains(where: { $0.family == family }) {
            let places = try UnmanagedBridgeDriver().places(of: device)
            guard let place = places.first(where: { $0.family == family }) else {
                throw OperationError(
                    "bridge", device, reason: "it has no subnet of \(family == .ipv4 ? "IPv4" : "IPv6")",
                    remedy: "name one by --subnet", kind: .invalid)
            }
            subnets.append(place)
        }
    }

    fileprivate func labelled(_ labels: [String: String]) -> NetworkRequest {
        var request = self
        request.labels.merge(labels) { $1 }
        return request
    }

    /// No member gets an address that the bridge, or the parent, has already, be it of another program's.
    fileprivate mutating func reserve(
        _ addresses: [IPAddress], of device: String, _ gateways: (gateway: Subnet?, gateway6: Subnet?)
    ) {
        for gateway in [gateways.gateway, gateways.gateway6].compactMap({ $0 }) {
            for address in addresses where gateway.contains(address) && gateway.address != address {
                // What a pool has no room for is looked for with each lease.
                if auxiliary.count >= 62 || auxiliary.values.contains(address) { continue }
                auxiliary["\(device)-\(address)"] = address
            }
        }
    }

    fileprivate func definition(
        _ id: ContainerID, _ name: Name, _ gateways: (gateway: Subnet?, gateway6: Subnet?), _ device: String,
        _ firewall: FirewallBackend
    ) -> NetworkDefinition {
        var network = NetworkDefinition(
            id: id, name: name, driver: driver, gateway: gateways.gateway, device: device, mtu: options.mtu,
            isInternal: isInternal, labels: labels, created: .now())
        network.gateway6 = gateways.gateway6
        network.givesAddresses = givesAddresses
        network.firewall = firewall
        network.ranges = ranges
        network.auxiliary = auxiliary
        var options = options
        options.device = network.options.device
        network.options = options
        network.configFrom = configFrom.flatMap(Name.init)
        network.isAttachable = isAttachable
        if isConfigOnly { network.setModelFamilies((hasIPv4 ? [.ipv4] : []) + (hasIPv6 ? [.ipv6] : [])) }
        return network
    }
}

extension HostConfiguration {
    /// - Parameter own: where there is none of IPv4.
    fileprivate func pools(orElse own: SubnetChooser.Pool) -> [AddressFamily: [SubnetChooser.Pool]] {
        let pools = Dictionary(grouping: addressPools, by: \.base.family).mapValues { pools in
            pools.map { SubnetChooser.Pool($0.base, subnetLength: $0.prefixLength) }
        }
        return [.ipv4: [own]].merging(pools) { $1 }
    }
}
