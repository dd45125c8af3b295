/// A row of bits that knows where the next clear one is.
///
/// It knows nothing of addresses: who computes an index outside it has a bug, and is stopped.
struct Bitmap: Equatable, Sendable {
    let count: Int
    /// Bit i is bit i % 64 of word i / 64. Bits past `count` are clear.
    private(set) var words: [UInt64]

    init(count: Int) {
        self.count = count
        words = Array(repeating: 0, count: (count + 63) / 64)
    }

    /// Nil when a bit past `count` is set.
    init?(count: Int, words: some Collection<UInt64>) {
        let used = (count + 63) / 64
        self.count = count
        self.words = Array(words.prefix(used))
        let tail = count % 64 == 0 ? 0 : (self.words.last ?? 0) >> UInt64(count % 64)
        guard self.words.count == used, tail == 0, words.dropFirst(used).allSatisfy({ $0 == 0 }) else { return nil }
    }

    var setCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func contains(_ index: Int) -> Bool {
        precondition(index >= 0 && index < count)
        return words[index >> 6] >> UInt64(index & 63) & 1 == 1
    }

    /// - Returns: whether the bit was clear before.
    @discardableResult
    mutating func set(_ index: Int) -> Bool {
        let changes = !contains(index)
        words[index >> 6] |= 1 << UInt64(index & 63)
        return changes
    }

    /// - Returns: whether the bit was set before.
    @discardableResult
    mutating func clear(_ index: Int) -> Bool {
        let changes = contains(index)
        words[index >> 6] &= ~(1 << UInt64(index & 63))
        return changes
    }

    func firstClear(from start: Int) -> Int? { first(from: start, among: { ~$0 }) }
    func firstSet(from start: Int) -> Int? { first(from: start, among: { $0 }) }

    private func first(from start: Int, among candidates: (UInt64) -> UInt64) -> Int? {
        guard start < count else { return nil }
        var index = start >> 6
        var word = candidates(words[index]) & ~0 << UInt64(start & 63)
        while word == 0 {
            index += 1
            guard index < words.count else { return nil }
            word = candidates(words[index])
        }
        let bit = index << 6 | word.trailingZeroBitCount
        return bit < count ? bit : nil
    }
}
