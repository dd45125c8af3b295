import Core
import Records

extension Engine {
    /// The networks that were defined, by name.
    package func networks() throws(OperationError) -> Listing<NetworkDefinition> {
        let (networks, failures) = try networkStore.all()
        return Listing(elements: networks, failures: failures)
    }
}
