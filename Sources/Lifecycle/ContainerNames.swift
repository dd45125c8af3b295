import Core
import Records

extension Host {
    /// Takes the container's name, or another one where it was made up.
    package func reserveName(_ plan: inout ContainerPlan, isGenerated: Bool) throws(OperationError) {
        let id = plan.definition.id
        for _ in 0..<100 {
            let name = plan.definition.name
            if try containerStore.reserve(name, for: id) { return }
            if isGenerated {
                plan.definition.name = .generated()
            } else if let owner = containerStore.owner(of: name), try !isLeftOver(owner, name) {
                throw OperationError(
                    "Conflict. The container name \"/\(name)\" is already in use by container \"\(owner)\". "
                        + "You have to remove (or rename) that container to be able to reuse that name.",
                    kind: .conflict)
            }
        }
        throw OperationError("reserve name", plan.definition.name.text, reason: "it is taken again and again")
    }

    /// Clears a dead container away that only kept its name because nobody was left to release it, or lets others
    /// who are at that come to an end.
    private func isLeftOver(_ id: ContainerID, _ name: Name) throws(OperationError) -> Bool {
        guard waitForRelease(of: id) else { return false }
        try reclaim(id)
        if containerStore.isHeld(id) { return true }
        if try containerStore.definition(id) != nil { return false }
        try containerStore.release(name, of: id)
        return true
    }
}
