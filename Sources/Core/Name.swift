/// A name that a user gave to a container, network or volume. It is a safe path component.
package struct Name: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let maximumLength = 128
    package let text: String

    /// Nil unless `text` matches `[a-zA-Z0-9][a-zA-Z0-9_.-]*` and is at most 128 bytes long
    /// (the first character rules out `.`, `..` and options).
    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...Name.maximumLength).contains(bytes.count), let first = bytes.first,
            first.isDigit || first.isASCIILetter,
            bytes.allSatisfy({ $0.isDigit || $0.isASCIILetter || "_.-".utf8.contains($0) })
        else { return nil }
        self.text = text
    }

    /// Why `text` is none; Docker's words, which say nothing of the length.
    package static func refusal(of text: String, _ kind: String) -> OperationError {
        OperationError(
            "\(kind) name (\(text)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
            remedy: text.utf8.count > maximumLength ? "use at most \(maximumLength) characters" : nil, kind: .invalid)
    }

    /// A volume's. Its refusals are Docker's.
    package static func volume(_ text: String) throws(OperationError) -> Name {
        guard text.utf8.count > 1 else {
            throw OperationError(
                "volume name is too short, names should be at least two alphanumeric characters", kind: .invalid)
        }
        if let name = Name(text) { return name }
        throw OperationError(
            "\"\(text)\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are "
                + "allowed",
            remedy: text.utf8.count > maximumLength
                ? "use at most \(maximumLength) characters"
                : "if you intended to pass a host directory, use an absolute path", kind: .invalid)
    }

    package var description: String { text }
    package static func < (left: Name, right: Name) -> Bool { left.text < right.text }
}
