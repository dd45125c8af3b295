import Core
import Images

extension Engine {
    /// All names of the builder.
    package func builders() throws(OperationError) -> [String] { try imageStore.builders() }

    /// - Parameter name: nil is the builder's own.
    package func builder(named name: String?) throws(OperationError) -> String {
        guard let name else { return ImageStore.defaultBuilder }
        guard try builders().contains(name) else { throw ImageStore.noBuilder(name) }
        return name
    }

    /// - Parameter name: nil is one that nobody has.
    package func createBuilder(_ name: String?) throws(OperationError) -> String {
        let name = name ?? "builder_" + ContainerID.random().short
        try imageStore.addBuilder(name)
        return name
    }

    package func removeBuilder(_ name: String) throws(OperationError) { try imageStore.removeBuilder(name) }

    /// What builds have kept, the last used first.
    package func buildCache() -> [CacheEntry] { imageStore.cacheEntries() }
}
