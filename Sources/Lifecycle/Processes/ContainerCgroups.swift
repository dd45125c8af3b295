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
        guard let state else {
            return try CgroupDirectories.remove(allCgroups(of: id), parents: lateParents(of: id))
        }
        guard hasChangedCgroups(id) else {
            return try CgroupDirectories.remove(state.cgroups, parents: state.cgroupParents)
        }
        let lock = try? FileLock.acquire(layout.definitionLock(id))
        defer { withExtendedLifetime(lock) {} }
        try CgroupDirectories.remove(cgroups(of: id, state), parents: state.cgroupParents + lateParents(of: id))
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
            try recordChange(change, of: editor.definition)
            // Looked for afterwards: its supervisor has seen the file, or had seen its end before.
            if state.isRunning { try change.apply(tracked: state.cgroups.first) }
        } catch {
            if state.isRunning { throw error }
        }
    }

    /// Says that there are, or will be, cgroups that the state does not name.
    private func recordChange(_ change: LimitChange, of definition: ContainerDefinition) throws(OperationError) {
        let path = layout.containerCgroups(definition.id)
        let lock = try lockCgroupParents(of: definition)
        let known = lateParents(of: definition.id)
        let parents = try lock == nil ? [] : parentsThatGo(above: change.joined).filter { !known.contains($0) }
        if !Files.exists(path) || !parents.isEmpty {
            try Files.replace(path, (known + parents).map { $0 + "\n" }.joined().kernelBytes)
        }
        withExtendedLifetime(lock) {}
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

// MARK: - What `--cgroup-parent` names

extension Host {
    /// Writes a state with those directories above its cgroups that go with the container: they are on record before one of them
    /// is made.
    func record(_ state: inout ContainerState, of definition: ContainerDefinition) throws(OperationError) {
        let lock = try lockCgroupParents(of: definition)
        if lock != nil { state.cgroupParents = try parentsThatGo(above: state.cgroups) }
        try containerStore.write(state, of: definition.id)
        withExtendedLifetime(lock) {}
    }

    /// Held from a look at who has which parent to the record that says the same: of two that begin at once the second finds
    /// the first.
    /// - Returns: nil where there is no parent but our own.
    private func lockCgroupParents(of definition: ContainerDefinition) throws(OperationError) -> FileLock? {
        guard definition.cgroupParent != nil else { return nil }
        return try FileLock.acquireDirectory(layout.runtimeContainers)
    }

    /// Those that are missing, and those that go with another container, of which this one may be the last. The records are read
    /// first: whoever has removed its record by then has removed the directory, or left it to somebody whose record is there.
    private func parentsThatGo(above directories: [String]) throws(OperationError) -> [String] {
        var owned: Set<String> = []
        for id in try containerStore.runtimeIDs() {
            owned.formUnion(((try? containerStore.state(id)) ?? nil)?.cgroupParents ?? [])
            owned.formUnion(lateParents(of: id))
        }
        return CgroupParents.above(directories).filter { owned.contains($0) || !Files.isDirectory($0) }
    }

    /// Those that `update` has put on record.
    private func lateParents(of id: ContainerID) -> [String] {
        (Files.text(layout.containerCgroups(id)) ?? "").split(separator: "\n").map(String.init)
    }
}
