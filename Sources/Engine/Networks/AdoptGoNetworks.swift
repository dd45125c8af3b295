import Core
import Lifecycle
import Linux
import Networking
import Records

/// A network that was another program's.
package struct AdoptedNetwork: Equatable, Sendable {
    package let network: NetworkDefinition
    /// It was adopted before.
    package var wasThere = false
    /// That the program had left.
    package var removedRules: [String] = []
    /// That its pool has marked as taken, and nobody has.
    package let freedAddresses: [IPAddress]
}

extension Engine {
    /// Makes the networks of the Go programs ours: their bridges stay, their rules go, those of ours come.
    /// - Parameter directory: nil for the first of those where these programs have their files.
    /// - Throws: before anything is changed when a file cannot be read, or a network cannot be ours.
    package func adoptGoNetworks(_ directory: String?) throws(OperationError) -> [AdoptedNetwork] {
        let found =
            if let directory { try GoNetworks.read(directory) } else { try GoNetworks.read(Self.foundDirectory()) }
        try prepare()
        return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            try networkStore.removeUnfinished()
            var adopted: [AdoptedNetwork] = []
            for network in found.networks { adopted.append(try settle(network, found, beside: adopted)) }
            for index in adopted.indices { adopted[index].removedRules = try adopt(adopted[index]) }
            return adopted
        }
    }

    private static func foundDirectory() throws(OperationError) -> String {
        guard let directory = GoNetworks.directories.first(where: { Files.isDirectory($0 + "/network") }) else {
            throw OperationError(
                "there are no networks of another program",
                remedy: "name the directory that has \"network\" and \"ipam\" in it",
                kind: .notFound)
        }
        return directory
    }

    /// Nothing is changed yet.
    private func settle(
        _ found: GoNetworks.Network, _ all: GoNetworks, beside adopted: [AdoptedNetwork]
    ) throws(OperationError) -> AdoptedNetwork {
        let (others, failures) = try networkStore.all()
        if let failure = failures.first { throw failure }
        if let own = others.first(where: { $0.name == found.name }) {
            guard own.gateway == found.gateway else { throw NetworkStore.conflict(found.name) }
            return AdoptedNetwork(network: own, wasThere: true, freedAddresses: [])
        }
        guard found.driver == "bridge" else {
            throw OperationError(
                "adopt network", found.name.text, reason: "its driver is \(found.driver)", kind: .unsupported)
        }
        guard found.name.text.isInterfaceName, !PredefinedNetwork.names.contains(found.name.text) else {
            throw OperationError("adopt network", found.name.text, reason: "it cannot be called so", kind: .invalid)
        }
        var network = NetworkDefinition(
            id: .random(), name: found.name, driver: found.driver, gateway: found.gateway, device: found.name.text,
            mtu: nil, isInternal: false, labels: [:], created: .now())
        network.firewall = .ofThisHost
        try checkSubnet(network, beside: others + adopted.map(\.network))
        try checkIdle(network, all)
        return AdoptedNetwork(network: network, freedAddresses: found.taken)
    }

    /// Its own bridge may have it already.
    private func checkSubnet(_ network: NetworkDefinition, beside others: [NetworkDefinition]) throws(OperationError) {
        guard let subnet = network.subnet else { return }
        let networks = others.compactMap { other in
            other.subnet.map { SubnetChooser.Occupant($0, .network(other.name)) }
        }
        let occupants = try networks + HostSubnets.occupants(of: .ipv4, besides: network.device)
        guard let occupant = SubnetChooser(occupants: occupants).occupant(of: subnet) else { return }
        throw OperationError(
            "invalid pool request: Pool overlaps with other one on this address space",
            remedy: "\(subnet) of network \"\(network.name)\" overlaps \(occupant.what)", kind: .conflict)
    }

    /// What runs would keep addresses that we give out.
    private func checkIdle(_ network: NetworkDefinition, _ all: GoNetworks) throws(OperationError) {
        let ports = try host.drivers.of(network).ports(of: network)
        let running = all.containers.filter { container in
            Files.exists("/proc/\(container.pid)") && container.network ?? network.name.text == network.name.text
        }
        guard !ports.isEmpty else { return }
        let names = running.isEmpty ? ports : running.map { $0.name }
        throw OperationError(
            "adopt network", network.name.text, reason: "containers are on it: \(names.joined(separator: ", "))",
            remedy: "end them first, by the program that has made them", kind: .conflict)
    }

    /// One that is defined already may have been left half way.
    private func adopt(_ adopted: AdoptedNetwork) throws(OperationError) -> [String] {
        let network = adopted.network
        let driver = try host.drivers.of(network)
        if adopted.wasThere { return try driver.adopt(network) }
        try networkStore.create(network)
        do throws(OperationError) {
            let removed = try driver.adopt(network)
            host.announce(network.event("create"))
            return removed
        } catch {
            // The bridge was not made here.
            try? networkStore.remove(network)
            throw error
        }
    }
}
