import Core
import Lifecycle
import Records

/// What came of the containers that are to run again after a boot.
package struct BootReport: Sendable {
    /// Names of those that run now.
    package var started: [String] = []
    /// Why others do not.
    package var failures: [OperationError] = []
}

extension Engine {
    /// Starts the containers that were to run on when the host was switched off, oldest first, and goes on past failures.
    package func bootSystem() throws(OperationError) -> BootReport {
        try host.prepare()
        var report = BootReport()
        var wanted: [ContainerDefinition] = []
        for id in try containerStore.ids() {
            do throws(OperationError) {
                guard let definition = try containerStore.definition(id), isToRun(definition) else { continue }
                wanted.append(definition)
            } catch {
                report.failures.append(error)
            }
        }
        for definition in wanted.sorted(by: { $0.created < $1.created }) {
            do throws(OperationError) {
                try start(definition.id.hex)
                report.started.append(definition.name.text)
            } catch {
                report.failures.append(
                    OperationError(
                        "start container \"\(definition.name)\"", reason: error.description, remedy: error.remedy))
            }
        }
        return report
    }

    /// Docker's rules: `always` also when somebody had stopped it, but not what has never begun.
    private func isToRun(_ definition: ContainerDefinition) -> Bool {
        let id = definition.id
        if containerStore.isCreated(id) || host.isSupervised(id) { return false }
        switch definition.restart.name {
        case .always: return true
        case .unlessStopped: return !containerStore.wasStopped(id)
        case .onFailure, .never: return false
        }
    }
}
