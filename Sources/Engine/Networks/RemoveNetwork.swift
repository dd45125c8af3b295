import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// Removes a network that no container is on.
    package func removeNetwork(_ text: String) throws(OperationError) {
        try refusePredefined(text)
        try removeNetwork(text, keepingPredefined: true)
    }

    func removeNetwork(_ text: String, keepingPredefined: Bool) throws(OperationError) {
        try prepare()
        try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            try networkStore.removeUnfinished()
            guard let network = try networkStore.find(text) else {
                throw OperationError("network \(text) not found", kind: .notFound)
            }
            if keepingPredefined { try refusePredefined(network.name.text) }
            try refuseModel(network)
            try refuse(network, usedBy: try unreleased(host.members(of: network).map(\.id)))
            guard Files.exists(layout.networkRuntime(network.key)) else { return try delete(network) }
            // Who gets an address from here on finds no network, and who has one by now is seen.
            try FileLock.holding(layout.networkLock(network)) { () throws(OperationError) in
                try refuse(network, usedBy: try host.leaseholders(of: network))
                try delete(network)
            }
        }
    }

    private func refusePredefined(_ text: String) throws(OperationError) {
        let name = try byName(NetworkChoice(text)).network
        guard PredefinedNetwork.names.contains(name) else { return }
        throw OperationError("\(name) is a pre-defined network and cannot be removed")
    }

    private func refuseModel(_ network: NetworkDefinition) throws(OperationError) {
        guard network.isConfigOnly,
            try networkStore.all().definitions.contains(where: { $0.configFrom == network.name })
        else { return }
        throw OperationError("configuration network \"\(network.name)\" is in use", kind: .conflict)
    }

    private func delete(_ network: NetworkDefinition) throws(OperationError) {
        try host.drivers.of(network).delete(network)
        try networkStore.remove(network)
        host.announce(network.event("destroy"))
    }

    /// Clears away the dead ones.
    /// - Returns: the others.
    private func unreleased(_ ids: [ContainerID]) throws(OperationError) -> [ContainerID] {
        var users: [ContainerID] = []
        for id in ids {
            if host.waitForRelease(of: id) { try host.reclaim(id) } else { users.append(id) }
        }
        return users
    }

    private func refuse(_ network: NetworkDefinition, usedBy users: [ContainerID]) throws(OperationError) {
        if users.isEmpty { return }
        let names = users.map { id in
            let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
            return "name:\"\(name)\" id:\"\(id.short)\""
        }
        throw OperationError(
            "error while removing network: network \(network.name) has active endpoints "
                + "(\(names.sorted().joined(separator: ", ")))",
            remedy: "stop or remove these containers first", kind: .conflict)
    }
}
