/// A `--volumes-from`: the mounts of another container.
package struct VolumesFrom: Equatable, Sendable {
    /// As it was written.
    package let text: String
    package let container: String
    /// Whatever they are there.
    package let readOnly: Bool

    /// Reads `CONTAINER[:ro|rw]`.
    package init(parsing text: String) throws(OperationError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let container = parts.first, !container.isEmpty else {
            throw OperationError("malformed volumes-from specification: \(text)", kind: .invalid)
        }
        let mode = try VolumeSpecification.Mode(parsing: parts.count == 2 ? parts[1] : "")
        guard mode.propagation == nil, mode.copies else {
            throw OperationError("invalid mode: \(mode.text)", remedy: "use ro or rw", kind: .invalid)
        }
        self.text = text
        self.container = container
        readOnly = mode.readOnly
    }
}
