import Containers
import Core
import Linux

extension Engine {
    /// What a container has changed in the files of its image, whatever it is doing.
    package func changes(of name: String) throws(OperationError) -> [FileChange] {
        guard !name.isEmpty else { throw OperationError("Container name cannot be empty", kind: .invalid) }
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else { throw OperationError.noContainer(name) }
        Descriptor.raiseLimit()
        return try LayerChanges.list(upper: layout.upper(id), layers: definition.layers)
    }
}
