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
    }

    let isInterval: Bool
    let elements: [Element]
    /// By the key that they have, or begin with.
    private let exact: [[UInt8]: Element]
    /// Those that say where they end.
    private let ranges: [Element]
    /// Of intervals, in the order of their keys. Where one begins at the end of another, its beginning comes last.
    private let bounds: [Element]

    init(isInterval: Bool = false, elements: [Element] = []) {
        self.isInterval = isInterval
        self.elements = elements
        exact = Dictionary(elements.filter { !$0.endsInterval }.map { ($0.key, $0) }) { first, _ in first }
        ranges = elements.filter { $0.last != nil }
        bounds = isInterval ? elements.sorted(by: Self.isBefore) : []
    }

    private static func isBefore(_ left: Element, _ right: Element) -> Bool {
        if left.key == right.key { return left.endsInterval && !right.endsInterval }
        return left.key.lexicographicallyPrecedes(right.key)
    }

    /// The one that a key is in. Numbers are in network byte order, so that bytes compare as they do.
    func element(of key: [UInt8]) -> Element? {
        if let exact = exact[key] { return exact }
        let range = ranges.first { element in
            element.last.map { !key.lexicographicallyPrecedes(element.key) && !$0.lexicographicallyPrecedes(key) }
                ?? false
        }
        if range != nil || !isInterval { return range }
        return nearest(to: key).flatMap { $0.endsInterval ? nil : $0 }
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
