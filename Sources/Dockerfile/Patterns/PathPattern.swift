import Core

/// A pattern for paths with `*`, `?`, `[…]` and escapes, none of which matches a slash, and with `**`, which matches any number of
/// directories where it is allowed (Go's path.Match; moby/patternmatcher).
package struct PathPattern: Equatable, Sendable {
    private enum Element: Equatable, Sendable {
        case scalar(Unicode.Scalar)
        case any
        case star
        /// Any text with slashes.
        case stars
        /// This and the next one may be left out.
        case optional
        /// Any text up to a slash.
        case throughSlash
        case oneOf([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    private static let longest = 4096
    private var elements: [Element] = []

    /// - Throws: a sentence about the pattern.
    package init(_ text: String, allowsDirectories: Bool) throws(DockerfileError) {
        var rest = Array(text.unicodeScalars)[...]
        guard rest.count <= Self.longest else { throw DockerfileError("a pattern is too long") }
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": elements += Self.star(&rest, allowsDirectories: allowsDirectories)
            case "?": elements.append(.any)
            case "[": elements.append(try Self.set(&rest, of: text))
            case "\\":
                guard let escaped = rest.popFirst() else { throw Self.malformed(text) }
                elements.append(.scalar(escaped))
            default: elements.append(.scalar(scalar))
            }
        }
    }

    private static func malformed(_ text: String) -> DockerfileError {
        DockerfileError("syntax error in pattern: \(text)")
    }

    private static func star(_ rest: inout ArraySlice<Unicode.Scalar>, allowsDirectories: Bool) -> [Element] {
        guard allowsDirectories, rest.first == "*" else { return [.star] }
        while rest.first == "*" { rest.removeFirst() }
        if rest.isEmpty { return [.stars] }
        if rest.first == "/" { rest.removeFirst() }
        return [.optional, .throughSlash]
    }

    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>, of text: String) throws(DockerfileError)
        -> Element
    {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while rest.first != "]" || ranges.isEmpty {
            let low = try member(&rest, of: text)
            var high = low
            if rest.first == "-" {
                rest.removeFirst()
                high = try member(&rest, of: text)
            }
            if low <= high { ranges.append(low...high) } else { throw malformed(text) }
        }
        rest.removeFirst()
        return .oneOf(ranges, isNegated: isNegated)
    }

    private static func member(_ rest: inout ArraySlice<Unicode.Scalar>, of text: String) throws(DockerfileError)
        -> Unicode.Scalar
    {
        guard let scalar = rest.popFirst(), scalar != "]", scalar != "-" else { throw malformed(text) }
        guard scalar == "\\" else { return scalar }
        guard let escaped = rest.popFirst() else { throw malformed(text) }
        return escaped
    }

    /// Whether there is anything in it that is not itself.
    package var hasWildcards: Bool {
        !elements.allSatisfy { if case .scalar = $0 { true } else { false } }
    }

    /// Whether it matches all of a path. All states are followed at once: no pattern takes long.
    package func matches(_ path: String) -> Bool {
        var states = [Bool](repeating: false, count: elements.count + 1)
        states[0] = true
        close(&states)
        var after = states
        for scalar in path.unicodeScalars {
            for index in after.indices { after[index] = false }
            var isAlive = false
            for (index, element) in elements.enumerated() where states[index] {
                isAlive = true
                step(element, index, scalar, &after)
            }
            guard isAlive else { return false }
            close(&after)
            swap(&states, &after)
        }
        return states[elements.count]
    }

    /// A star may be nothing, and so may directories.
    private func close(_ states: inout [Bool]) {
        for (index, element) in elements.enumerated() where states[index] {
            switch element {
            case .star, .stars: states[index + 1] = true
            case .optional: (states[index + 1], states[index + 2]) = (true, true)
            default: break
            }
        }
    }

    private func step(_ element: Element, _ index: Int, _ scalar: Unicode.Scalar, _ after: inout [Bool]) {
        switch element {
        case .scalar(let wanted): if wanted == scalar { after[index + 1] = true }
        case .any: if scalar != "/" { after[index + 1] = true }
        case .star: if scalar != "/" { after[index] = true }
        case .stars: after[index] = true
        case .optional: break
        case .throughSlash:
            after[index] = true
            if scalar == "/" { after[index + 1] = true }
        case .oneOf(let ranges, let isNegated):
            if scalar != "/", ranges.contains(where: { $0.contains(scalar) }) != isNegated { after[index + 1] = true }
        }
    }
}
