import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// One container, with what it was asked to be, what it is and how it ended.
    package func inspectContainer(_ name: String) throws(OperationError) -> ContainerDetails {
        let missing = OperationError.noContainer(name)
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else { throw missing }
        let (phase, state) = try host.phase(of: definition)
        guard let phase else { throw missing }
        var details = ContainerDetails(
            definition, phase, log: layout.log(id), upperDirectory: layout.upper(id), workDirectory: layout.work(id))
        for volume in definition.volumes { details.volumeDirectories[volume.name] = layout.volumeData(volume.name) }
        for link in definition.names.links {
            // One that cannot be read concerns that container alone.
            details.linkNames[link.container] = ((try? containerStore.definition(link.container)) ?? nil)?.name
        }
        details.state = state
        details.exit = state?.lastExit
        if details.exit == nil { details.exit = try containerStore.exit(id) }
        details.health = try health(of: definition, phase) ?? details.exit?.health
        if phase == .lost { details.lossReason = lossReason(id) }
        return details
    }

    /// What the checks of one that runs have come to; nil when it has none.
    func health(
        of definition: ContainerDefinition, _ phase: ContainerPhase
    ) throws(OperationError) -> ContainerHealth? {
        switch phase {
        case .running, .paused:
            guard definition.healthCheck?.command != nil else { return nil }
            return try containerStore.health(definition.id) ?? ContainerHealth()
        case .created, .starting, .restarting, .exited, .lost: return nil
        }
    }

    /// Why nobody has recorded how it ended.
    private func lossReason(_ id: ContainerID) -> String {
        layout.isOfThisBoot && Files.exists(layout.containerRuntime(id)) ? Host.supervisorKilled : "host restart"
    }
}
