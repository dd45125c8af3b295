import Containers
import Core
import Linux
import Records

extension Host {
    /// Whether `update` has had its part in a container's cgroups.
    func hasChangedCgroups(_ id: ContainerID) -> Bool { Files.exists(layout.containerCgroups(id)) }

    /// All directories of a container: those of its state, and those that `update` has made.
    package func cgroups(of id: ContainerID, _ state: ContainerState) -> [String] {
        guard hasChangedCgroups(id) else { return state.cgroups }
        return state.cgroups + allCgroups(of: id).filter { !state.cgroups.contains($0) }
    }

    /// Also where its record does not tell of a parent.
    private func allCgroups(of id: ContainerID) -> [String] {
        let definition = (try? containerStore.definition(id)) ?? nil
        return CgroupHost.directories(of: id, below: definition?.cgroupParent)
    }

    /// Takes them away, after whoever is just making some.
    /// - Parameter state: nil when it cannot be read.
    func removeCgroups(of id: ContainerID, _ state: ContainerState?) throws(OperationError) {
        guard let state else { return try CgroupDirectories.remove(allCgroups(of: id)) }
        guard hasChangedCgroups(id) else { return try CgroupDirectories.remove(state.cgroups) }
        let lock = try? FileLock.acquire(layout.definitionLock(id))
        defer { withExtendedLifetime(lock) {} }
        try CgroupDirectories.remove(cgroups(of: id, state))
        try Files.remove(layout.containerCgroups(id))
    }

    /// Gives a container that runs the limits that are on its record; one that has ended meanwhile needs none.
    /// - Parameters:
    ///   - editor: so that nobody else is at it.
    ///   - touched: the controllers that it is about; nil is all.
    package func setLimits(
        _ editor: borrowing DefinitionEditor, _ state: ContainerState, touched: Set<String>? = nil
    ) throws(OperationError) {
        let id = editor.definition.id
        // What another update has joined is joined again: it may have been killed at that.
        let change = try CgroupHost(below: editor.definition.cgroupParent).change(
            of: id, present: state.cgroups, to: editor.definition.limits, touched: touched, reading: Files.line)
        if change.settings.isEmpty { return }
        do throws(OperationError) {
            if !hasChangedCgroups(id) { try Files.replace(layout.containerCgroups(id), []) }
            // Looked for afterwards: its supervisor has seen the file, or had seen its end before.
            if state.isRunning { try change.apply(tracked: state.cgroups.first) }
        } catch {
            if state.isRunning { throw error }
        }
    }

    /// Gives a container that has just begun again what `update` has put on record while it did.
    func catchUp(_ definition: ContainerDefinition, _ state: ContainerState) {
        guard let current = try? containerStore.definition(definition.id), current.limits != definition.limits else {
            return
        }
        do throws(OperationError) {
            let editor = try DefinitionEditor(definition.id, in: containerStore, named: definition.name.text)
            try setLimits(editor, state)
        } catch {
            warn(error.description)
        }
    }
}
