/// What a container has done to one file of its image.
package struct FileChange: Equatable, Sendable {
    /// With Docker's letters.
    package enum Kind: String, Sendable {
        case added = "A"
        case changed = "C"
        case deleted = "D"
    }

    package let kind: Kind
    /// Absolute, in the container.
    package let path: String

    package init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }
}
