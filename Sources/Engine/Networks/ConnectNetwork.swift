import Core
import Glibc
import Lifecycle
import Linux
import Networking
import Records
import Supervisor

extension Engine {
    /// Puts a container on one more network: at once when it runs.
    package func connect(_ container: String, to choice: NetworkChoice) throws(OperationError) {
        try prepare()
        let id = try containerStore.find(container)
        let network = try joinable(byName(choice).network)
        let wish = try wish(choice, on: network.name)
        var isRepeated = false
        if try ask(id, "connect", ("wish", wish.json), &isRepeated) { return warnOfObstacles(to: id, on: network) }
        var definition = try definition(id, container)
        // Its supervisor may have been killed when that was done already.
        let isDone = definition.networkMode.wishes.contains { $0.network == network.name }
        if !(isRepeated && isDone) { try host.noteJoining(&definition, wish) }
        // The container may have begun meanwhile, without that network.
        guard try hasSupervisor(id), let state = try containerStore.state(id),
            !state.endpoints.contains(where: { $0.networkID == network.id })
        else { return }
        try host.noteLeaving(&definition, network.name)
        guard try ask(id, "connect", ("wish", wish.json), &isRepeated) else {
            return try connect(container, to: choice)
        }
        warnOfObstacles(to: id, on: network)
    }

    /// Its supervisor has nobody to say it to.
    private func warnOfObstacles(to id: ContainerID, on network: NetworkDefinition) {
        let endpoints = ((try? containerStore.state(id)) ?? nil)?.endpoints ?? []
        for endpoint in endpoints where endpoint.networkID == network.id {
            host.warnOfObstacles(to: endpoint, on: network)
        }
    }

    private static let hostNetwork = OperationError(
        "container cannot be disconnected from host network or connected to host network", kind: .conflict)

    /// Seconds: a supervisor may have to wait for the registry and for the xtables lock, for a minute each.
    private static let patience: Int64 = 150

    private func joinable(_ name: String) throws(OperationError) -> NetworkDefinition {
        if name == "host" {
            throw Self.hostNetwork
        }
        if name == "none" {
            throw OperationError(
                "container cannot be connected to multiple networks with one of the networks in private (none) mode",
                kind: .conflict)
        }
        guard let name = Name(name) else { throw OperationError("network \(name) not found", kind: .notFound) }
        let network = try network(called: name)
        if network.isConfigOnly { throw ConfigurationDriver.refusal }
        return network
    }

    package func disconnect(_ container: String, from network: String) throws(OperationError) {
        try prepare()
        let id = try containerStore.find(container)
        var definition = try definition(id, container)
        let network = try byName(NetworkChoice(network)).network
        if network == "host" { throw Self.hostNetwork }
        let name = try joined(network, by: definition)
        let member = ("network", JSON.string(name.text))
        var isRepeated = false
        if try ask(id, "disconnect", member, &isRepeated) { return }
        definition = try self.definition(id, container)
        let isDone = !definition.networkMode.wishes.contains { $0.network == name }
        if !(isRepeated && isDone) { try host.noteLeaving(&definition, name) }
        // The container may have begun meanwhile, with that network.
        guard try hasSupervisor(id), let state = try containerStore.state(id),
            state.endpoints.contains(where: { $0.network == name })
        else { return }
        _ = try ask(id, "disconnect", member, &isRepeated)
    }

    /// A network that is gone can be left all the same.
    private func joined(_ text: String, by definition: ContainerDefinition) throws(OperationError) -> Name {
        if text == "none", definition.networkMode == .none, let name = Name(text) { return name }
        if let network = try networkStore.find(text) { return network.name }
        guard let wish = definition.networkMode.wishes.first(where: { $0.network.text == text }) else {
            throw OperationError("network \(text) not found", kind: .notFound)
        }
        return wish.network
    }

    /// Has the container's supervisor do something.
    /// - Parameter isRepeated: set once a supervisor has gone without an answer: it may have done that.
    /// - Returns: false when there is none, nor one that is just clearing up.
    private func ask(
        _ id: ContainerID, _ verb: String, _ member: (key: String, value: JSON), _ isRepeated: inout Bool
    ) throws(OperationError) -> Bool {
        while try hasSupervisor(id) {
            do throws(OperationError) {
                _ = try host.ask(id, verb, [member], within: Self.patience)
                return true
            } catch {
                if isRepeated, error.kind == .conflict { return true }
                // The container has ended between the look and the question.
                guard error.kind == .notRunning else { throw error }
                isRepeated = true
                usleep(1000)
            }
        }
        return false
    }

    /// A container that is just being made is waited for; of a dead one the rest is cleared away.
    private func hasSupervisor(_ id: ContainerID) throws(OperationError) -> Bool {
        let end = Deadline(seconds: 60)
        while true {
            if try host.started(id, within: 60) != nil { return true }
            if try host.isRestarting(id) { return true }
            try host.reclaim(id)
            // A supervisor whose program has just ended may begin that again.
            guard host.isSupervised(id), end.millisecondsLeft > 0 else { return false }
            try Interruption.check("connect container", id.short)
            usleep(1000)
        }
    }

    private func definition(_ id: ContainerID, _ name: String) throws(OperationError) -> ContainerDefinition {
        guard let definition = try containerStore.definition(id) else {
            throw OperationError.noContainer(name)
        }
        return definition
    }
}
