import Core

extension Engine {
    /// Takes away what containers and networks have on this host, predefined networks, too. Images stay.
    package func removeEverything() throws(OperationError) {
        for container in try containers(all: true, external: true).elements {
            try remove(container.id.hex, force: true)
        }
        for network in try networks().elements {
            try removeNetwork(network.id.hex, keepingPredefined: false)
        }
    }
}
