import Core

/// Where a pool's pages are: a file, or memory in tests.
protocol PoolPages: ~Copyable {
    func read(_ number: Int) throws(AddressPoolError) -> Page
    /// Whole or, when the process is killed, not at all.
    mutating func write(_ page: Page, _ number: Int) throws(AddressPoolError)
    /// The page is not needed; it may be read as anything from now on.
    mutating func discard(_ number: Int)
    func damaged(_ number: Int, _ damage: PageDamage) -> AddressPoolError
}

/// Gives out the addresses of a subnet, each to one owner at a time, in turns: one that was given back is not given out
/// again before all others were (B18).
///
/// What happens in which order, and why, is said in `PoolPage.swift`. Nothing here knows where the pages are.
struct AddressPool<Pages: PoolPages & ~Copyable>: ~Copyable {
    let space: AddressSpace
    private let layout: PoolLayout
    private(set) var pages: Pages
    /// Those that were read so far.
    private var indexes: [PoolIndex?]

    /// - Throws: when the first page is not one of a pool of this `space`.
    init(_ space: AddressSpace, in pages: consuming Pages) throws(AddressPoolError) {
        self.space = space
        self.pages = pages
        layout = PoolLayout(space)
        indexes = Array(repeating: nil, count: layout.indexCount)
        _ = try index(0)
    }

    /// A pool with nothing in use.
    init(new space: AddressSpace, in pages: consuming Pages) throws(AddressPoolError) {
        self.space = space
        self.pages = pages
        layout = PoolLayout(space)
        indexes = (0..<layout.indexCount).map { [layout] in PoolIndex(blocks: layout.blocks(inIndex: $0)) }
        for number in 0..<layout.indexCount { try changeIndex(number) { _ in } }
    }
}

// MARK: - Giving out and taking back

extension AddressPool where Pages: ~Copyable {
    /// - Parameter preferred: taken when it is free; else, and without one, the next in turn is.
    mutating func allocate(
        _ owner: LeaseOwner, preferring preferred: IPAddress? = nil
    ) throws(AddressPoolError) -> IPAddress {
        if let preferred, let place = place(of: preferred) {
            let block = try block(place.block)
            if block.owner(of: place.slot) == nil {
                try take(place, in: block, owner)
                return preferred
            }
        }
        guard let (place, block) = try nextFree() else { throw .full(space.subnet, capacity: space.assignable.count) }
        try take(place, in: block, owner)
        let slot = place.number
        try changeIndex(0) { [next = (slot + 1) % space.capacity] in $0.cursor = next }
        return space.address(of: slot)
    }

    /// Takes one particular address. That of an owner who has it already stays its own.
    mutating func reserve(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) {
        guard let place = place(of: address) else { throw space.refusal(of: address) }
        let block = try block(place.block)
        if let holder = block.owner(of: place.slot) {
            guard holder == owner else { throw .taken(address, holder: holder) }
            return
        }
        try take(place, in: block, owner)
    }

    /// - Returns: false when `address` is not `owner`'s (any more): nothing changed.
    @discardableResult
    mutating func release(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        guard let place = place(of: address) else { return false }
        var block = try block(place.block)
        guard block.owner(of: place.slot) == owner else { return false }
        let wasFull = try state(place.block).full
        block.free(place.slot)
        // The cursor's block is about to be used again. All others leave as they empty, so that a pool
        // takes no more memory than its leases need, however often the cursor has been around.
        if block.isEmpty, try place.block != cursorBlock {
            try setState(place.block, written: false, full: false)
            pages.discard(layout.page(ofBlock: place.block))
            return true
        }
        if wasFull { try setState(place.block, written: true, full: false) }
        try write(block, place.block)
        return true
    }

    private mutating func take(
        _ place: Place, in block: PoolBlock, _ owner: LeaseOwner
    ) throws(AddressPoolError) {
        var block = block
        block.take(place.slot, owner)
        try write(block, place.block)
        let isWritten = try state(place.block).written
        if block.isFull || !isWritten {
            try setState(place.block, written: true, full: block.isFull)
        }
    }

    /// Begins the next turn behind the highest address in use: the best guess when the cursor is not known.
    mutating func moveCursorBehindLeases() throws(AddressPoolError) {
        guard let last = try leases().last, let slot = space.slot(of: last.address) else { return }
        try changeIndex(0) { [next = (slot + 1) % space.capacity] in $0.cursor = next }
    }
}

// MARK: - Looking

extension AddressPool where Pages: ~Copyable {
    mutating func owner(of address: IPAddress) throws(AddressPoolError) -> LeaseOwner? {
        guard let place = place(of: address) else { return nil }
        return try block(place.block).owner(of: place.slot)
    }

    /// By address. Reads, and so checks, all that was ever written and is still in use.
    mutating func leases() throws(AddressPoolError) -> [AddressLease] {
        var leases: [AddressLease] = []
        try forEachWrittenBlock { [space] number, block in
            block.forEachLease { slot, owner in
                leases.append(AddressLease(space.address(of: number * PoolBlock.slots + slot), owner))
            }
        }
        return leases
    }

    mutating func inUse() throws(AddressPoolError) -> Int {
        var count = 0
        try forEachWrittenBlock { _, block in count += block.count }
        return count
    }

    private mutating func forEachWrittenBlock(_ body: (Int, PoolBlock) -> Void) throws(AddressPoolError) {
        for number in 0..<layout.indexCount {
            let written = try index(number).written
            var next = written.firstSet(from: 0)
            while let bit = next {
                let block = number * PoolIndex.blocks + bit
                body(block, try self.block(block))
                next = written.firstSet(from: bit + 1)
            }
        }
    }
}

// MARK: - Searching

private struct Place {
    let block: Int, slot: Int

    /// Of the address.
    var number: Int { block * PoolBlock.slots + slot }
}

extension AddressPool where Pages: ~Copyable {
    private func place(of address: IPAddress) -> Place? {
        space.slot(of: address).map { Place(block: $0 / PoolBlock.slots, slot: $0 % PoolBlock.slots) }
    }

    private var cursorBlock: Int {
        mutating get throws(AddressPoolError) { try index(0).cursor / PoolBlock.slots }
    }

    /// The first free address at or behind the cursor, with wrap-around; of those that can be given out to anybody.
    private mutating func nextFree() throws(AddressPoolError) -> (Place, PoolBlock)? {
        let range = space.assignable
        guard !range.isEmpty else { return nil }
        let cursor = try index(0).cursor
        let start = range.contains(cursor) ? cursor : range.lowerBound
        for start in [start, range.lowerBound] {
            if let found = try nextFree(from: start), range.contains(found.0.number) { return found }
        }
        return nil
    }

    /// The same of all.
    private mutating func nextFree(from cursor: Int) throws(AddressPoolError) -> (Place, PoolBlock)? {
        guard layout.blockCount > 0 else { return nil }
        var from = cursor % PoolBlock.slots
        var number = cursor / PoolBlock.slots
        // The cursor's block is looked at twice: from the cursor on, and at the end from its start.
        for _ in 0...layout.blockCount {
            guard let candidate = try nextNotFull(from: number) else { return nil }
            if candidate != number { from = 0 }
            let block = try block(candidate)
            if let slot = block.firstFree(from: from) { return (Place(block: candidate, slot: slot), block) }
            if block.isFull { try setState(candidate, written: true, full: true) }
            number = (candidate + 1) % layout.blockCount
            from = 0
        }
        return nil
    }

    /// The first block at or behind `block` that is not marked full, with wrap-around.
    private mutating func nextNotFull(from block: Int) throws(AddressPoolError) -> Int? {
        var number = block / PoolIndex.blocks
        var bit = block % PoolIndex.blocks
        for _ in 0...layout.indexCount {
            if let found = try index(number).full.firstClear(from: bit) { return number * PoolIndex.blocks + found }
            number = (number + 1) % layout.indexCount
            bit = 0
        }
        return nil
    }
}

// MARK: - Pages

extension AddressPool where Pages: ~Copyable {
    private mutating func index(_ number: Int) throws(AddressPoolError) -> PoolIndex {
        if let index = indexes[number] { return index }
        let page = try pages.read(number)
        do throws(PageDamage) {
            let index = try PoolIndex(page, number: number, layout: layout, space: space)
            indexes[number] = index
            return index
        } catch {
            throw pages.damaged(number, error)
        }
    }

    private mutating func changeIndex(
        _ number: Int, _ change: (inout PoolIndex) -> Void
    ) throws(AddressPoolError) {
        var index = try index(number)
        change(&index)
        try pages.write(index.encoded(number: number, space: space), number)
        indexes[number] = index
    }

    private mutating func state(_ block: Int) throws(AddressPoolError) -> (written: Bool, full: Bool) {
        let index = try index(block / PoolIndex.blocks)
        let bit = block % PoolIndex.blocks
        return (index.written.contains(bit), index.full.contains(bit))
    }

    private mutating func setState(_ block: Int, written: Bool, full: Bool) throws(AddressPoolError) {
        try changeIndex(block / PoolIndex.blocks) { index in
            let bit = block % PoolIndex.blocks
            if written { index.written.set(bit) } else { index.written.clear(bit) }
            if full { index.full.set(bit) } else { index.full.clear(bit) }
        }
    }

    private mutating func block(_ number: Int) throws(AddressPoolError) -> PoolBlock {
        let slots = layout.slots(inBlock: number)
        guard try state(number).written else { return PoolBlock(slots: slots) }
        let page = layout.page(ofBlock: number)
        let contents = try pages.read(page)
        do throws(PageDamage) {
            return try PoolBlock(contents, number: page, slots: slots)
        } catch {
            throw pages.damaged(page, error)
        }
    }

    private mutating func write(_ block: PoolBlock, _ number: Int) throws(AddressPoolError) {
        let page = layout.page(ofBlock: number)
        try pages.write(block.encoded(number: page), page)
    }
}
