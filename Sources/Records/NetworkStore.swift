import Core
import Linux

/// The definitions of all networks, each under its id, and their names.
///
/// Those of the release before, which knew them by their names alone, stay under these, in /run as well, where its supervisors
/// look for them: `NetworkDefinition.key`.
package struct NetworkStore: Sendable {
    package let layout: Layout
    package let names: NameLinks
    private let records: any RecordStore

    package init(_ layout: Layout) {
        self.layout = layout
        names = NameLinks(layout.networkNames)
        records = layout.records
    }

    /// - Parameter key: `NetworkDefinition.key`.
    package func definition(at key: some StringProtocol) throws(OperationError) -> NetworkDefinition? {
        guard var definition: NetworkDefinition = try records.read(.network(key)) else { return nil }
        guard definition.adopt(String(key)) else {
            throw records.damage(.network(key), "it is of network \(definition.name)")
        }
        return definition
    }

    /// The network that a container has an address on.
    package func definition(of endpoint: Endpoint) throws(OperationError) -> NetworkDefinition? {
        for key in [endpoint.networkID.hex, endpoint.network.text] {
            if let found = try definition(at: key), found.id == endpoint.networkID { return found }
        }
        return nil
    }

    /// Whether it has not been removed since.
    package func isDefined(_ network: NetworkDefinition) throws(OperationError) -> Bool {
        try definition(at: network.key)?.id == network.id
    }

    package func definition(named name: Name) throws(OperationError) -> NetworkDefinition? {
        if let definition = try linked(name) { return definition }
        // Its link may have been lost: what counts is the definition.
        return try all().definitions.first { $0.name == name }
    }

    private func linked(_ name: Name) throws(OperationError) -> NetworkDefinition? {
        if let id = names.owner(of: name), let found = try definition(at: id.hex), found.name == name { return found }
        if let found = try definition(at: name.text), found.name == name { return found }
        return nil
    }

    /// Every network that can be read, in the order of their names, and why others cannot.
    package func all() throws(OperationError) -> (definitions: [NetworkDefinition], failures: [OperationError]) {
        var definitions: [NetworkDefinition] = []
        var failures: [OperationError] = []
        for key in try records.keys(below: .networks) {
            // Others are files of somebody else's.
            guard let name = Name(String(key.name)) else { continue }
            do throws(OperationError) {
                if let definition = try definition(at: name.text) { definitions.append(definition) }
            } catch {
                failures.append(error)
            }
        }
        // Numbers are moved, and not definitions.
        let order = definitions.indices.sorted { definitions[$0].name < definitions[$1].name }
        return (order.map { definitions[$0] }, failures)
    }

    /// Finds a network by exact name, id, or unique start of an id.
    package func find(_ text: String) throws(OperationError) -> NetworkDefinition? {
        guard !text.isEmpty else { return nil }
        if let name = Name(text), let definition = try linked(name) { return definition }
        let (definitions, failures) = try all()
        if let definition = definitions.first(where: { $0.name.text == text }) { return definition }
        guard text.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        let matches = definitions.filter { $0.id.hex.hasPrefix(text) }
        guard matches.count < 2 else { throw Self.ambiguous(text) }
        if matches.isEmpty, let failure = failures.first { throw failure }
        return matches.first
    }

    /// Which of those that every host has is meant: by its name, its id, or a start of that which is no other network's; nil: none.
    package func builtInName(_ text: String) throws(OperationError) -> Name? {
        let builtIn = NetworkDefinition.builtIn
        if let exact = builtIn.first(where: { [$0.name.text, $0.id.hex].contains(text) }) { return exact.name }
        let own = text.isEmpty ? [] : builtIn.filter { $0.id.hex.hasPrefix(text) }
        if own.isEmpty { return nil }
        let defined = try all().definitions
        // A name may look like the start of an id.
        if defined.contains(where: { $0.name.text == text }) { return nil }
        let matches = Set((own + defined).map(\.id).filter { $0.hex.hasPrefix(text) })
        guard matches.count == 1 else { throw Self.ambiguous(text) }
        return own[0].name
    }

    private static func ambiguous(_ prefix: String) -> OperationError {
        OperationError("multiple IDs found with provided prefix: \(prefix)", kind: .conflict)
    }

    /// On disk when it returns, with the name of a network that is not there any more. The registry's lock must be held.
    /// - Throws: `conflict` when there is a network of that name.
    package func create(_ definition: NetworkDefinition) throws(OperationError) {
        if try linked(definition.name) != nil { throw Self.conflict(definition.name) }
        if let former = names.owner(of: definition.name) { try names.release(definition.name, of: former) }
        guard try names.reserve(definition.name, for: definition.id) else { throw Self.conflict(definition.name) }
        try records.write(definition, at: .network(definition.key), if: .absent, durable: true)
    }

    /// The same network, but for what it says of itself. On disk when it returns. The registry's lock must be held.
    package func replace(_ definition: NetworkDefinition) throws(OperationError) {
        try records.write(definition, at: .network(definition.key), if: .any, durable: true)
    }

    package static func conflict(_ name: Name) -> OperationError {
        OperationError("network with name \(name) already exists", kind: .conflict)
    }

    /// The definition goes last but for its name: until then the rest can be found and removed again. A name without a network is
    /// nobody's.
    package func remove(_ network: NetworkDefinition) throws(OperationError) {
        try Files.removeTree(layout.networkRuntime(network.key))
        try records.remove(.network(network.key))
        if names.owner(of: network.name) == network.id { try names.release(network.name, of: network.id) }
    }

    /// Removes what killed commands were writing, and the names of networks that they had not made yet or had removed. The
    /// registry's lock must be held.
    package func removeUnfinished() throws(OperationError) {
        try records.removeUnfinished(below: .networks) { _ in true }
        let keys = Set(try records.keys(below: .networks))
        for (name, owner) in try names.all() where !keys.contains(.network(owner.hex)) {
            try names.release(name, of: owner)
        }
    }
}
