import Core
import Lifecycle
import Linux
import Supervisor

extension Engine {
    /// Makes a container that `start` lets begin.
    package func create(_ request: RunRequest) throws(OperationError) -> ContainerID {
        // Nothing of ours has such a number yet.
        _ = try DescriptorPath.inherited([request.cidFile])
        let request = try request.withProfile()
        let identity = try IdentityFile(request.cidFile)
        try prepare()
        return try inScope { labels throws(OperationError) in
            let request = try request.labelled(labels)
            return try providingNetworks(request) { () throws(OperationError) in
                try withPlan(of: request) { plan throws(OperationError) in try make(request, plan, identity) }
            }
        }
    }

    private func make(
        _ request: RunRequest, _ plan: ContainerPlan, _ identity: IdentityFile
    ) throws(OperationError) -> ContainerID {
        try record(request, plan)
        if request.replaces { try makeRoom(for: plan.definition.name) }
        let plan = try identity.write(plan)
        do throws(OperationError) {
            try makeBindSources(plan.definition.binds)
            let guardian = try host.guardian(of: plan.definition.id)
            try ContainerRun(host, plan, nil).setAside()
            guardian.dismiss()
        } catch {
            identity.remove()
            throw error
        }
        return plan.definition.id
    }
}
