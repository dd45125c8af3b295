import Core
import Records

/// One network that a container is to be on.
package struct NetworkChoice: Equatable, Sendable {
    /// `bridge`, `host`, `none`, `container:CONTAINER`, `ns:PATH`, a name or an id.
    package var network: String
    package var address: IPAddress?
    package var address6: IPAddress?
    package var mac: MACAddress?
    package var aliases: [NetworkAlias]
    package var linkLocal: [IPAddress] = []
    package var gatewayPriority = 0
    /// What the interface is called in the container.
    package var interface: String?

    /// The one whose network it is to have.
    var container: String? { rest(behind: "container:") }
    /// The file of the network namespace that it is to have.
    var namespace: String? { rest(behind: "ns:") }

    private func rest(behind prefix: String) -> String? {
        network.hasPrefix(prefix) ? String(network.dropFirst(prefix.count)) : nil
    }

    /// Whether it goes with no other one.
    var standsAlone: Bool { ["host", "none"].contains(network) || container != nil || namespace != nil }

    /// Whether nothing is asked for but the network.
    var isBare: Bool { self == NetworkChoice(network) }

    package init(
        _ network: String, address: IPAddress? = nil, mac: MACAddress? = nil, aliases: [NetworkAlias] = []
    ) {
        self.network = network
        self.address = address
        self.mac = mac
        self.aliases = aliases
    }
}

extension Engine {
    /// One that every host has is called by its name, also where it was called by its id.
    func byName(_ choice: NetworkChoice) throws(OperationError) -> NetworkChoice {
        var choice = choice
        if let name = try networkStore.builtInName(choice.network) { choice.network = name.text }
        return choice
    }
}
