import Core
import Glibc

/// What `images --filter reference=` asks for: a pattern as a shell has it, of which `*` and `?` stand for no `/`.
package struct ReferencePattern {
    private let pattern: String

    package init(_ pattern: String) { self.pattern = pattern }

    /// With its tag, or without one where the pattern has none.
    package func matches(_ reference: String) -> Bool {
        if Self.matches(reference, pattern) { return true }
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else { return false }
        return Self.matches(String(reference[..<colon]), pattern)
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        pattern.withKernelString { pattern in text.withKernelString { fnmatch(pattern, $0, FNM_PATHNAME) } } == 0
    }
}
