import Core
import Lifecycle
import Records

extension Engine {
    /// The volumes, in the order of their names. It takes no lock.
    /// - Parameter tellsUse: whether somebody wants to know which ones no container has.
    package func volumes(tellsUse: Bool) throws(OperationError) -> Listing<VolumeDetails> {
        let found = try volumeStore.all()
        var listing = Listing<VolumeDetails>(elements: [], failures: found.failures)
        let use = try tellsUse ? VolumeUse(containerStore) : nil
        listing.failures += use?.failures ?? []
        listing.elements = found.definitions.map { details($0, use) }
        return listing
    }

    package func inspectVolume(_ text: String) throws(OperationError) -> VolumeDetails {
        guard let name = Name(text), let definition = try volumeStore.definition(name) else {
            throw Self.noVolume(text)
        }
        return details(definition, nil)
    }

    private func details(_ definition: VolumeDefinition, _ use: VolumeUse?) -> VolumeDetails {
        var isDangling: Bool?
        if let use, !use.users(of: definition.name).isEmpty { isDangling = false }
        if let use, isDangling == nil, use.failures.isEmpty { isDangling = true }
        return VolumeDetails(
            definition, directory: layout.volumeData(definition.name), isDangling: isDangling)
    }

    static func noVolume(_ text: String) -> OperationError {
        OperationError("get \(text): no such volume", kind: .notFound)
    }
}
