import Core

/// What of a context is left out: `.dockerignore`, or the patterns of `--exclude`. Of the patterns that match a file, or a directory
/// that it is in, the last one decides.
package struct IgnoreFile: Equatable, Sendable {
    private struct Rule: Equatable {
        let pattern: PathPattern
        let isException: Bool
    }

    private let rules: [Rule]
    /// A directory that is left out must be looked through all the same: something in it may be wanted.
    package let hasExceptions: Bool

    package init() { (rules, hasExceptions) = ([], false) }

    /// - Parameter bytes: lines with a pattern each, `#` in front of a comment, `!` in front of an exception.
    package init(_ bytes: [UInt8]) throws(DockerfileError) {
        var reader = LineReader(bytes)
        var rules: [Rule] = []
        while let line = reader.next() {
            let number = reader.number
            let text = line.trimmed
            if text.isEmpty || line.first == .hash { continue }
            if let rule = try locating(number...number, { () throws(DockerfileError) in try Self.rule(text.text) }) {
                rules.append(rule)
            }
        }
        self.init(rules)
    }

    package init(patterns: [String]) throws(DockerfileError) {
        self.init(try patterns.map(Self.rule).compactMap { $0 })
    }

    private init(_ rules: [Rule]) {
        self.rules = rules
        hasExceptions = rules.contains(where: \.isException)
    }

    /// Nil when a pattern names nothing but the context itself.
    private static func rule(_ text: String) throws(DockerfileError) -> Rule? {
        let isException = text.utf8.first == UInt8(ascii: "!")
        let bare = isException ? text.utf8.dropFirst().trimmed.text : text
        if isException, bare.isEmpty { throw DockerfileError("illegal exclusion pattern: \"!\"") }
        let path = CleanPath.of(bare)
        guard !path.isEmpty else { return nil }
        return Rule(pattern: try PathPattern(path, allowsDirectories: true), isException: isException)
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// What a directory hands on to what is in it.
    package struct Inherited: Equatable, Sendable {
        fileprivate var matched: [Bool]
    }

    package var top: Inherited { Inherited(matched: [Bool](repeating: false, count: rules.count)) }

    /// - Parameters:
    ///   - path: from the top, without a slash in front.
    ///   - parent: of the directory that it is in.
    /// - Returns: whether it is left out, and what it hands on.
    package func decide(_ path: String, in parent: Inherited) -> (isLeftOut: Bool, inherited: Inherited) {
        var (isLeftOut, inherited) = (false, parent)
        for (index, rule) in rules.enumerated() {
            if !inherited.matched[index] { inherited.matched[index] = rule.pattern.matches(path) }
            if inherited.matched[index] { isLeftOut = !rule.isException }
        }
        return (isLeftOut, inherited)
    }
}
