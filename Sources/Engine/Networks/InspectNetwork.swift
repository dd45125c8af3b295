import Core
import Lifecycle
import Records

extension Engine {
    /// One network, with the containers that are on it now.
    package func inspectNetwork(_ name: String) throws(OperationError) -> NetworkDetails {
        let builtIn = try networkStore.builtInName(name)
        if let builtIn, !builtIn.isOfPredefinedNetwork { return .predefined(builtIn.text) }
        guard let network = try networkStore.find(name) else {
            // What it will be like.
            if let builtIn { return .defined(try plannedNetwork(called: builtIn), users: []) }
            throw OperationError("network \(name) not found", kind: .notFound)
        }
        let members = try host.members(of: network).sorted { $0.id < $1.id }
        let users = members.filter { host.isSupervised($0.id) }.map { id, endpoint in
            let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
            return NetworkUser(id: id, name: name, endpoint: endpoint)
        }
        return .defined(network, users: users)
    }
}
