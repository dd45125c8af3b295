import Core
import Records

extension Engine {
    /// The networks that were defined, by name.
    package func networks() throws(OperationError) -> Listing<NetworkDefinition> {
        var listing = Listing<NetworkDefinition>(elements: [], failures: [])
        for name in try networkStore.names() {
            do throws(OperationError) {
                if let network = try networkStore.definition(name) { listing.elements.append(network) }
            } catch {
                listing.failures.append(error)
            }
        }
        return listing
    }
}
