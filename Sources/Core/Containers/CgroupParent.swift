/// `--cgroup-parent`: a cgroup that a container's own lies below, in every hierarchy that it is in.
package struct CgroupParent: Equatable, Sendable {
    /// What is in each hierarchy ours alone.
    package static let own = "mydocker"
    private static let longestName = 255
    private static let longestPath = 2048

    /// As it was asked for.
    package let text: String

    /// Below the root of a hierarchy, with no slash at either end; empty for the root itself.
    package var path: String { text.isAbsolutePath ? String(text.dropFirst()) : text }

    /// - Parameter text: a slash in front of it is the root of the hierarchies, which it is below in any case.
    package init(_ text: String) throws(OperationError) {
        self.text = text
        if text == "/" { return }
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        for name in names {
            if let reason = Self.complaint(about: String(name)) { throw Self.refusal(of: text, reason) }
        }
        guard text.kernelBytes.count <= Self.longestPath else {
            throw Self.refusal(of: text, "it is longer than \(Self.longestPath) bytes")
        }
    }

    private static func complaint(about name: String) -> String? {
        if name.isEmpty { return "it has an empty name in it" }
        if [".", ".."].contains(name) { return "it has \(name) in it" }
        // Whatever is in there but containers, is removed.
        if name == own { return "\(own) is for containers that name no parent" }
        if name.kernelBytes.count > longestName { return "it has a name of more than \(longestName) bytes" }
        return name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } ? nil : "it has a control character in it"
    }

    private static func refusal(of text: String, _ reason: String) -> OperationError {
        OperationError(
            "invalid cgroup parent", text, reason: reason,
            remedy: "name a cgroup by its path below the root of the hierarchies, such as batch/jobs", kind: .invalid)
    }
}
