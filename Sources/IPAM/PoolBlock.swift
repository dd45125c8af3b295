/// The leases of 253 addresses: as many as fit a page, and as a /24 has besides its gateway.
struct PoolBlock: Equatable, Sendable {
    static let slots = 253
    private static let bits = 2..<6
    private static let owners = 6

    private var page: Page
    private var used: Bitmap

    /// One in which all is free.
    init(slots: Int) {
        page = Page()
        used = Bitmap(count: slots)
    }

    init(_ page: Page, number: Int, slots: Int) throws(PageDamage) {
        guard page.isIntact else { throw PageDamage(reason: "wrong checksum") }
        let (storedNumber, count) = page.pair(1)
        guard Int(storedNumber) == number, let used = Bitmap(count: slots, words: page.words[PoolBlock.bits]),
            used.setCount == Int(count)
        else { throw PageDamage(reason: "contradicts itself") }
        self.page = page
        self.used = used
    }

    func encoded(number: Int) -> Page {
        var page = page
        page.setPair(1, number, used.setCount)
        page.words.replaceSubrange(PoolBlock.bits.prefix(used.words.count), with: used.words)
        return page.sealed()
    }

    var isEmpty: Bool { used.firstSet(from: 0) == nil }
    var isFull: Bool { used.firstClear(from: 0) == nil }
    var count: Int { used.setCount }
    func firstFree(from slot: Int) -> Int? { used.firstClear(from: slot) }

    func owner(of slot: Int) -> LeaseOwner? {
        guard used.contains(slot) else { return nil }
        let word = PoolBlock.owners + 2 * slot
        return LeaseOwner(words: page.words[word], page.words[word + 1])
    }

    mutating func take(_ slot: Int, _ owner: LeaseOwner) {
        used.set(slot)
        setOwner(slot, owner.words)
    }

    mutating func free(_ slot: Int) {
        used.clear(slot)
        setOwner(slot, (0, 0))
    }

    private mutating func setOwner(_ slot: Int, _ words: (UInt64, UInt64)) {
        let word = PoolBlock.owners + 2 * slot
        page.words[word] = words.0
        page.words[word + 1] = words.1
    }

    /// The slots in use from the lowest up, with their owners.
    func forEachLease(_ body: (Int, LeaseOwner) -> Void) {
        var next = used.firstSet(from: 0)
        while let slot = next {
            if let owner = owner(of: slot) { body(slot, owner) }
            next = used.firstSet(from: slot + 1)
        }
    }
}
