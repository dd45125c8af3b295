import Core
import Lifecycle
import Records

extension Engine {
    /// Gives a container another name, whatever it does meanwhile. Its host name stays.
    package func rename(_ name: String, to newName: String) throws(OperationError) {
        guard !name.isEmpty, !newName.isEmpty else {
            throw OperationError("Neither old nor new names may be empty", kind: .invalid)
        }
        try prepare()
        let id = try containerStore.find(name)
        let new = try Self.containerName(newName, refusal: "Error when allocating new name: Invalid container")
        let old = (try? containerStore.definition(id))??.name.text
        try host.rename(id, name, to: new)
        host.announce("rename", of: id, ["oldName": "/" + (old ?? name)])
    }
}
