import Core
import Linux

/// The definitions of all networks.
package struct NetworkStore: Sendable {
    package let layout: Layout
    package init(_ layout: Layout) { self.layout = layout }

    package func definition(_ name: Name) throws(OperationError) -> NetworkDefinition? {
        let path = layout.networkDefinition(name)
        guard let definition: NetworkDefinition = try RecordFile.read(path) else { return nil }
        guard definition.name == name else { throw RecordFile.damage(path, "it is of network \(definition.name)") }
        return definition
    }

    package func names() throws(OperationError) -> [Name] {
        try Files.names(in: layout.networks).compactMap { file in
            file.hasSuffix(".json") ? Name(String(file.dropLast(5))) : nil
        }.sorted()
    }

    /// Finds a network by exact name, id, or unique start of an id.
    package func find(_ text: String) throws(OperationError) -> NetworkDefinition? {
        if let name = Name(text), let definition = try definition(name) { return definition }
        guard !text.isEmpty, text.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        var matches: [NetworkDefinition] = []
        var failure: OperationError?
        for name in try names() {
            do throws(OperationError) {
                if let found = try definition(name), found.id.hex.hasPrefix(text) { matches.append(found) }
            } catch {
                failure = error
            }
        }
        guard matches.count < 2 else {
            throw OperationError("multiple IDs found with provided prefix: \(text)", kind: .conflict)
        }
        if matches.isEmpty, let failure { throw failure }
        return matches.first
    }

    /// On disk when it returns.
    package func create(_ definition: NetworkDefinition) throws(OperationError) {
        try RecordFile.write(definition, to: layout.networkDefinition(definition.name), durable: true)
    }

    /// The definition goes last: until then the rest can be found and removed again.
    package func remove(_ name: Name) throws(OperationError) {
        try Files.removeTree(layout.networkRuntime(name))
        try Files.remove(layout.networkDefinition(name))
    }

    /// Removes what killed commands were writing. The registry's lock must be held.
    package func removeUnfinished() throws(OperationError) {
        for file in try Files.names(in: layout.networks) where file.hasSuffix(".tmp") {
            try Files.remove("\(layout.networks)/\(file)")
        }
    }
}
