import Core
import Records

extension Host {
    /// Takes the container's name, or another one where it was made up.
    package func reserveName(
        of definition: inout ContainerDefinition, isGenerated: Bool
    ) throws(OperationError) {
        let id = definition.id
        for _ in 0..<100 {
            let name = definition.name
            if try containerStore.names.reserve(name, for: id) { return }
            if isGenerated {
                definition.name = .generated()
            } else if let owner = containerStore.names.owner(of: name), try !isLeftOver(owner, name) {
                throw conflict(name, owner)
            }
        }
        throw OperationError("reserve name", definition.name.text, reason: "it is taken again and again")
    }

    /// Gives a container another name. The sentences are Docker's.
    /// - Parameter text: what it was called by.
    package func rename(_ id: ContainerID, _ text: String, to name: Name) throws(OperationError) {
        for _ in 0..<100 {
            if try tryRename(id, text, to: name) { return }
            guard let owner = containerStore.names.owner(of: name) else { continue }
            if try !isLeftOver(owner, name) { throw conflict(name, owner, "Error when allocating new name: ") }
        }
        throw OperationError("reserve name", name.text, reason: "it is taken again and again")
    }

    private func tryRename(_ id: ContainerID, _ text: String, to name: Name) throws(OperationError) -> Bool {
        var editor = try DefinitionEditor(id, in: containerStore, named: text)
        guard editor.definition.name != name else {
            throw OperationError("Renaming a container with the same name as its current name", kind: .invalid)
        }
        return try containerStore.rename(&editor, to: name)
    }

    /// Whether a container that lives, or has ended, has the name: it would be refused then. Nothing is changed.
    package func checkFree(_ name: Name, unless isReplaced: Bool) throws(OperationError) {
        guard !isReplaced, let owner = containerStore.names.owner(of: name), try containerStore.definition(owner) != nil
        else { return }
        throw conflict(name, owner)
    }

    private func conflict(_ name: Name, _ owner: ContainerID, _ prefix: String = "") -> OperationError {
        OperationError(
            "\(prefix)Conflict. The container name \"/\(name)\" is already in use by container \"\(owner)\". "
                + "You have to remove (or rename) that container to be able to reuse that name.",
            kind: .conflict)
    }

    /// Clears a dead container away that only kept its name because nobody was left to release it, or lets others
    /// who are at that come to an end.
    private func isLeftOver(_ id: ContainerID, _ name: Name) throws(OperationError) -> Bool {
        if try containerStore.releaseStale(name) { return true }
        guard waitForRelease(of: id) else { return false }
        try reclaim(id)
        if containerStore.isHeld(id) { return true }
        if try containerStore.definition(id) != nil { return false }
        try containerStore.names.release(name, of: id)
        return true
    }
}
