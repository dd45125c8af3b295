import Core
import Images

/// A step of a build that need not be done again.
package struct KeptStep: Sendable {
    package let id: String
    /// Bytes in regular files.
    package let size: Int64
    package let instruction: String
    package let created: Timestamp
}

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

    /// What builds have kept, oldest first, and how many bytes of it no image has.
    package func buildCache() -> (steps: [KeptStep], bytes: Int64) {
        let steps = imageStore.cachedSteps().map { step in
            KeptStep(
                id: step.key.hex, size: step.layer.size, instruction: step.instruction, created: step.created)
        }
        return (steps, imageStore.buildCacheBytes())
    }
}
