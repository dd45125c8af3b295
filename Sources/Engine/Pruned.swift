import Core

/// Something that a prune has removed.
package struct PrunedObject: Sendable {
    /// What is said of it.
    package let lines: [String]
    /// What it had on disk.
    package let bytes: Int64
}

/// Whether a prune is to take something that is not used.
package typealias PruneSelection = (_ labels: [String: String], _ created: Timestamp) -> Bool
