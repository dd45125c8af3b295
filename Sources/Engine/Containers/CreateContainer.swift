import Core
import Lifecycle
import Linux

extension Engine {
    /// Makes a container that `start` lets begin.
    package func create(_ request: RunRequest) throws(OperationError) -> ContainerID {
        try host.prepare()
        let plan = try plan(request)
        let identity = try IdentityFile(request.cidFile, plan.definition.id)
        do throws(OperationError) {
            try makeBindSources(plan.definition.binds)
            try ContainerRun(host, plan, nil).setAside()
        } catch {
            identity.remove()
            throw error
        }
        return plan.definition.id
    }
}
