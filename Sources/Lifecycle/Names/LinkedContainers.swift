import Containers
import Core
import Records

extension Host {
    /// Lines of /etc/hosts for the containers that one is linked to, where nobody answers for them.
    /// - Throws: when one of them does not run, or is on none of its networks.
    func linkEntries(of definition: ContainerDefinition) throws(OperationError) -> [HostFiles.Entry] {
        var entries: [HostFiles.Entry] = []
        for link in definition.networkMode.hasNames ? [] : definition.names.links {
            let other = try containerStore.definition(link.container)
            let name = (other?.name ?? link.name)?.text ?? link.container.short
            guard let running = try running(link.container) else {
                throw OperationError(
                    "Cannot link to a non running container: /\(name) AS /\(definition.name)/\(link.alias)",
                    kind: .notRunning)
            }
            let shared = definition.networkMode.wishes.map(\.network)
            guard let endpoint = running.state.endpoints.first(where: { shared.contains($0.network) }) else {
                throw OperationError(
                    "Cannot link to /\(name), as it does not belong to the network \(definition.networkMode.text)",
                    remedy: "start both on one network", kind: .conflict)
            }
            let names = [link.alias.text, other?.hostname ?? "", name]
            entries += endpoint.addresses.prefix(1).map { HostFiles.Entry($0, names) }
        }
        return entries
    }

    /// What the environment says of them, on the predefined network.
    func linkVariables(of definition: ContainerDefinition) -> [String] {
        if definition.networkMode.hasNames { return [] }
        return definition.names.links.flatMap { link -> [String] in
            guard let other = (try? containerStore.definition(link.container)) ?? nil,
                let address = ((try? containerStore.state(link.container)) ?? nil)?.endpoints.first?.addresses.first
            else { return [] }
            return LinkVariables(link.alias, at: address, exposed: other.exposedPorts)
                .all(name: "/\(definition.name)/\(link.alias)", environment: other.ownEnvironment)
        }
    }
}
