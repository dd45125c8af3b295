import Core

/// Which of 14 336 blocks have been written and which are full; and what the file is about.
struct PoolIndex: Equatable, Sendable {
    static let blocks = 224 * 64
    static let version = 1
    /// "MYDKPOOL" in a file.
    private static let magic: UInt64 = 0x4c4f_4f50_4b44_594d
    private static let reserved = 5
    private static let writtenBits = 64..<288
    private static let fullBits = 288..<512

    var written: Bitmap
    var full: Bitmap
    /// Only that of the first index page means something.
    var cursor = 0

    init(blocks: Int) {
        written = Bitmap(count: blocks)
        full = Bitmap(count: blocks)
    }

    init(_ page: Page, number: Int, layout: PoolLayout, space: AddressSpace) throws(PageDamage) {
        try PoolIndex.checkIdentity(page, number)
        try PoolIndex.checkSpace(page, space)
        let blocks = layout.blocks(inIndex: number)
        guard let written = Bitmap(count: blocks, words: page.words[PoolIndex.writtenBits]),
            let full = Bitmap(count: blocks, words: page.words[PoolIndex.fullBits]),
            zip(written.words, full.words).allSatisfy({ $1 & ~$0 == 0 }),
            Int(page.pair(4).0) < max(1, layout.capacity)
        else { throw PageDamage(reason: "contradicts itself") }
        self.written = written
        self.full = full
        cursor = Int(page.pair(4).0)
    }

    private static func checkIdentity(_ page: Page, _ number: Int) throws(PageDamage) {
        guard page.words[1] == magic else { throw PageDamage(reason: "not an address pool") }
        let (storedVersion, storedNumber) = page.pair(2)
        guard storedVersion == version else {
            throw PageDamage(reason: "unknown version \(storedVersion)", isNewer: storedVersion > version)
        }
        guard page.isIntact else { throw PageDamage(reason: "wrong checksum") }
        guard storedNumber == number else { throw PageDamage(reason: "contradicts itself") }
    }

    private static func checkSpace(_ page: Page, _ space: AddressSpace) throws(PageDamage) {
        let (network, length) = page.pair(3)
        guard network == space.subnet.first.ipv4, length == space.subnet.prefixLength else {
            let found = IPAddress(ipv4: network)
            throw PageDamage(reason: "belongs to subnet \(found)/\(length), not to \(space.subnet)")
        }
        guard page.words[reserved..<writtenBits.lowerBound].elementsEqual(words(reserving: space.reserved)),
            page.pair(4).1 == space.reserved.count
        else { throw PageDamage(reason: "was made for another gateway") }
    }

    func encoded(number: Int, space: AddressSpace) -> Page {
        var page = Page()
        page.words[1] = PoolIndex.magic
        page.setPair(2, PoolIndex.version, number)
        page.setPair(3, Int(space.subnet.first.number), space.subnet.prefixLength)
        page.setPair(4, cursor, space.reserved.count)
        PoolIndex.put(PoolIndex.words(reserving: space.reserved), into: &page, at: PoolIndex.reserved)
        PoolIndex.put(written.words, into: &page, at: PoolIndex.writtenBits.lowerBound)
        PoolIndex.put(full.words, into: &page, at: PoolIndex.fullBits.lowerBound)
        return page.sealed()
    }

    private static func put(_ words: [UInt64], into page: inout Page, at start: Int) {
        page.words.replaceSubrange(start..<start + words.count, with: words)
    }

    /// All words between the fixed fields and the bits.
    private static func words(reserving addresses: [IPAddress]) -> [UInt64] {
        var words = Array<UInt64>(repeating: 0, count: writtenBits.lowerBound - reserved)
        for (index, address) in addresses.enumerated() {
            words[index / 2] |= UInt64(address.number) << UInt64(index % 2 * 32)
        }
        return words
    }
}
