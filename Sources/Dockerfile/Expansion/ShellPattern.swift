import Core

/// A pattern behind `#`, `%` or `/` in a variable: `*` is any text, `?` any character, an escape takes the meaning of the next.
struct ShellPattern {
    enum Element: Equatable {
        case scalar(Unicode.Scalar)
        case any
        case star
    }

    private static let longest = 1024
    private let elements: [Element]

    private init(elements: [Element]) { self.elements = elements }

    init(_ bytes: [UInt8], escape: UInt8) throws(DockerfileError) {
        guard bytes.count <= Self.longest else { throw DockerfileError("a pattern is too long") }
        var elements: [Element] = []
        var isEscaped = false
        for scalar in bytes.text.unicodeScalars {
            if isEscaped {
                elements.append(.scalar(scalar))
                isEscaped = false
            } else if scalar == Unicode.Scalar(escape) {
                isEscaped = true
            } else if scalar == "*" {
                if elements.last != .star { elements.append(.star) }
            } else {
                elements.append(scalar == "?" ? .any : .scalar(scalar))
            }
        }
        guard !isEscaped else { throw DockerfileError("a pattern ends with an escape character") }
        self.elements = elements
    }

    var reversed: ShellPattern { ShellPattern(elements: elements.reversed()) }

    /// How many scalars at the beginning it matches. All states are followed at once, so the time is in proportion to both.
    func prefix(of text: ArraySlice<Unicode.Scalar>, longest: Bool) -> Int? {
        var states = closure([true] + [Bool](repeating: false, count: elements.count))
        var found: Int?
        for (length, scalar) in text.enumerated() {
            if states[elements.count] {
                found = length
                if !longest { return found }
            }
            guard states.contains(true) else { return found }
            states = step(states, scalar)
        }
        return states[elements.count] ? text.count : found
    }

    private func closure(_ states: [Bool]) -> [Bool] {
        var states = states
        for (index, element) in elements.enumerated() where states[index] && element == .star {
            states[index + 1] = true
        }
        return states
    }

    private func step(_ states: [Bool], _ scalar: Unicode.Scalar) -> [Bool] {
        var after = [Bool](repeating: false, count: states.count)
        for (index, element) in elements.enumerated() where states[index] {
            switch element {
            case .star: after[index] = true
            case .any: after[index + 1] = true
            case .scalar(let wanted): if wanted == scalar { after[index + 1] = true }
            }
        }
        return closure(after)
    }

    /// The text with the longest match at the first place where there is one replaced, or each of them.
    func replacing(
        in text: [Unicode.Scalar], with replacement: [Unicode.Scalar], all: Bool
    ) throws(DockerfileError) -> String {
        var result: [Unicode.Scalar] = []
        var start = 0
        while let match = firstMatch(in: text, from: start) {
            guard result.count + replacement.count <= Expander.longest else {
                throw DockerfileError("a value is too long")
            }
            result += text[start..<match.lowerBound] + replacement
            start = match.upperBound
            if !all { break }
        }
        return String(result + text[start...])
    }

    /// Nothing matches no place. Where what stands before a star matches and the rest does not, no later place will do either:
    /// the star would have taken what is in between.
    private func firstMatch(in text: [Unicode.Scalar], from start: Int) -> Range<Int>? {
        let fixed = elements.firstIndex(of: .star) ?? elements.count
        for place in start..<max(start, text.count) {
            guard place + fixed <= text.count else { return nil }
            let fits = (0..<fixed).allSatisfy { offset in
                elements[offset] == .any || elements[offset] == .scalar(text[place + offset])
            }
            guard fits else { continue }
            if fixed == elements.count { return fixed == 0 ? nil : place..<(place + fixed) }
            return prefix(of: text[place...], longest: true).flatMap { $0 == 0 ? nil : place..<(place + $0) }
        }
        return nil
    }
}
