import Core
import Lifecycle
import Linux
import Records

/// A container, and what it uses.
package struct MeasuredContainer: Sendable {
    package let id: ContainerID
    package let name: String
    package let isRunning: Bool
    package let usage: ContainerUsage
}

extension Engine {
    /// What containers use now.
    /// - Parameters:
    ///   - names: nil is all that run.
    ///   - all: without names, also those that do not run.
    package func usages(of names: [String]?, all: Bool) throws(OperationError) -> Listing<MeasuredContainer> {
        var listing = Listing<MeasuredContainer>(elements: [], failures: [])
        let memory = HostMemory.total
        var ids: [ContainerID] = []
        for name in names ?? [] { ids.append(try containerStore.find(name)) }
        if names == nil { ids = try all ? containerStore.ids() : containerStore.runtimeIDs() }
        var found: [(definition: ContainerDefinition, isRunning: Bool)] = []
        for id in ids {
            do throws(OperationError) {
                guard let definition = try containerStore.definition(id),
                    let phase = try host.phase(of: definition).phase
                else { continue }
                if all || names != nil || phase.isRunning { found.append((definition, phase.isRunning)) }
            } catch {
                listing.failures.append(error)
            }
        }
        if names == nil { found.sort { $0.definition.created > $1.definition.created } }
        listing.elements = found.map { definition, isRunning in
            MeasuredContainer(
                id: definition.id, name: definition.name.text, isRunning: isRunning,
                usage: host.usage(of: definition, hostMemory: memory))
        }
        return listing
    }
}
