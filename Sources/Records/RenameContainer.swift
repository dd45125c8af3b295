import Core

extension ContainerStore {
    /// Gives a container another name. Whatever kills this, one name at least leads to the container, and its record says which
    /// one counts; `releaseStale` frees the other.
    /// - Returns: false when somebody else has that name.
    package func rename(_ editor: inout DefinitionEditor, to name: Name) throws(OperationError) -> Bool {
        var definition = editor.definition
        let old = definition.name
        definition.name = name
        return try names.holding { () throws(OperationError) in
            guard try names.reserve(name, for: definition.id) || names.owner(of: name) == definition.id else {
                return false
            }
            do throws(OperationError) {
                try editor.write(definition)
                if names.owner(of: old) == definition.id { try names.remove(old) }
            } catch {
                definition.name = old
                if editor.definition != definition { try? editor.write(definition) }
                if editor.definition.name == old { try? names.remove(name) }
                throw error
            }
            return true
        }
    }

    /// Frees a name that a container has besides the one that its record says: who renamed it was killed.
    /// - Returns: whether it was such a one.
    package func releaseStale(_ name: Name) throws(OperationError) -> Bool {
        try names.holding { () throws(OperationError) in
            guard let id = names.owner(of: name), let definition = (try? definition(id)) ?? nil, definition.name != name
            else { return false }
            try names.remove(name)
            return true
        }
    }
}
