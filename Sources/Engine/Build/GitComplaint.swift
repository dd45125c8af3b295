import Core

/// What of git's words says why it has failed. Lines of ssh and of the server stand before git's own.
struct GitComplaint: Equatable {
    let reason: String
    let needsLogin: Bool

    private static let longest = 512
    private static let loginWords = [
        "could not read username", "could not read password", "authentication failed", "permission denied (",
        "the requested url returned error: 401", "the requested url returned error: 403",
    ]
    /// They say nothing, or what to do elsewhere.
    private static let idle = [
        "warning: ", "hint: ", "fatal: Could not read from remote repository.",
        "Please make sure you have the correct access rights", "and the repository exists.",
    ]

    /// - Parameter text: of standard error.
    init(_ text: String, code: Int32) {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        let small = text.lowercased()
        needsLogin = Self.loginWords.contains { small.contains($0) }
        let telling = lines.filter { line in !Self.idle.contains { line.hasPrefix($0) } }
        let last = telling.lastIndex { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") }
        let kept = last.map { Array(telling[...$0]) } ?? telling
        let said = (kept.isEmpty ? lines.suffix(1) : kept.suffix(3)).joined(separator: "; ")
        reason = said.isEmpty ? "it has ended with code \(code)" : String(said.prefix(Self.longest))
    }
}
