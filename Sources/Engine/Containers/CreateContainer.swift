import Core
import Lifecycle
import Linux
import Supervisor

extension Engine {
    /// Makes a container that `start` lets begin.
    package func create(_ request: RunRequest) throws(OperationError) -> ContainerID {
        try prepare()
        return try inScope { labels throws(OperationError) in
            try providingNetworks(request) { () throws(OperationError) in try make(try request.labelled(labels)) }
        }
    }

    private func make(_ request: RunRequest) throws(OperationError) -> ContainerID {
        try withPlan(of: request) { plan throws(OperationError) in try make(request, plan) }
    }

    private func make(_ request: RunRequest, _ plan: ContainerPlan) throws(OperationError) -> ContainerID {
        try record(request, plan)
        if request.replaces { try makeRoom(for: plan.definition.name) }
        let identity = try IdentityFile(request.cidFile, plan.definition.id)
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
