/// The elements of a set or map of nftables, arranged for whoever asks for many keys.
struct NFTablesSet: Sendable {
    struct Element: Sendable {
        let key: [UInt8]
        /// The last one, of a range that says so.
        let last: [UInt8]?
        /// Where an interval ends that began with an element before.
        let endsInterval: Bool
        let data: [UInt8]?
        let verdict: TracedAction?
        /// As of a rule.
        let note: [UInt8]?
        var comment: String?
    }

    /// What is known of a key.
    enum Answer {
        case element(Element)
        case none
        /// It depends on what is not known of the key.
        case unknown
    }

    let isInterval: Bool
    let elements: [Element]
    /// Of the elements' keys, in bytes.
    let keyLength: Int
    /// Lengths of a key's parts, each of which may be a range. In the key each fills whole registers of four bytes.
    private let fields: [Int]
    /// By the key that they have, or begin with.
    private let exact: [[UInt8]: Element]
    /// Those that say where they end.
    private let ranges: [Element]
    /// Whether a key has parts, of which some elements do not say where they end: what is between them is for the kernel to say.
    private let isVague: Bool
    /// Of intervals, in the order of their keys. Where one begins at the end of another, its beginning comes last.
    private let bounds: [Element]

    /// - Parameter fields: none of a key that has no parts.
    init(isInterval: Bool = false, fields: [Int] = [], elements: [Element] = []) {
        self.isInterval = isInterval
        self.elements = elements
        keyLength = elements.map(\.key.count).max() ?? 0
        self.fields = fields.isEmpty ? [keyLength] : fields
        exact = Dictionary(elements.filter { !$0.endsInterval }.map { ($0.key, $0) }) { first, _ in first }
        ranges = elements.filter { $0.last != nil }
        let endless = isInterval ? elements.filter { $0.last == nil && !$0.key.isEmpty } : []
        isVague = self.fields.count > 1 && !endless.isEmpty
        bounds = isVague ? [] : endless.sorted(by: Self.isBefore)
    }

    private static func isBefore(_ left: Element, _ right: Element) -> Bool {
        if left.key == right.key { return left.endsInterval && !right.endsInterval }
        return left.key.lexicographicallyPrecedes(right.key)
    }

    /// The one that a key is in. Numbers are in network byte order, so that bytes compare as they do.
    func element(of key: [UInt8]) -> Element? {
        if let exact = exact[key] { return exact }
        let whole: [UInt8?] = key
        if let range = ranges.first(where: { fits($0, whole) }) { return range }
        // One that is for all other keys has none of its own.
        return (isInterval ? nearest(to: key).flatMap { $0.endsInterval ? nil : $0 } : nil) ?? exact[[]]
    }

    /// - Parameter key: bytes that nobody knows are nil.
    func search(_ key: [UInt8?]) -> Answer {
        let known = key.compactMap { $0 }
        if known.count == key.count {
            // One that is for all other keys may be none of this one.
            let found = element(of: known)
            if isVague, found?.key.isEmpty ?? true { return .unknown }
            return found.map { .element($0) } ?? .none
        }
        return isVague || !bounds.isEmpty || elements.contains { fits($0, key) } ? .unknown : .none
    }

    /// Whether nothing that is known of a key keeps it from being the element's.
    private func fits(_ element: Element, _ key: [UInt8?]) -> Bool {
        guard let last = element.last else { return zip(key, element.key).allSatisfy { $0 == nil || $0 == $1 } }
        var place = 0
        for length in fields {
            let part = key.dropFirst(place).prefix(length).compactMap { $0 }
            let (lower, upper) = (element.key.dropFirst(place).prefix(length), last.dropFirst(place).prefix(length))
            if part.count == length, part.lexicographicallyPrecedes(lower) || upper.lexicographicallyPrecedes(part) {
                return false
            }
            place += (length + 3) / 4 * 4
        }
        return true
    }

    /// The last bound that is not behind a key.
    private func nearest(to key: [UInt8]) -> Element? {
        var (first, end) = (0, bounds.count)
        while first < end {
            let middle = (first + end) / 2
            if key.lexicographicallyPrecedes(bounds[middle].key) { end = middle } else { first = middle + 1 }
        }
        return bounds[..<first].last
    }
}
