import Core
import Testing

@testable import IPAM

/// A process is killed after any of the writes of any operation; the next one finds what is there.
@Suite struct KillTests {
    private enum Operation {
        case allocate(LeaseOwner)
        case release(AddressLease)
    }

    /// A pool with a history of every operation's pages before, and its changes.
    private struct Scene {
        let pool: MemoryPool
        var random: SeededGenerator
        var leases: Set<AddressLease> = []
        private var serial = 0

        init(_ pool: MemoryPool, seed: UInt64) {
            self.pool = pool
            random = SeededGenerator(seed)
        }

        /// - Returns: the pages before, what was done to them, and the leases before.
        mutating func step(allocating share: Int) throws -> ([Int: Page], [Change], Set<AddressLease>) {
            let before = (pool.memory.pages, leases)
            pool.memory.changes = []
            let allocates = Int.random(in: 0..<100, using: &random) < share
            if !allocates, let lease = leases.sorted(by: { $0.address < $1.address }).randomElement(using: &random) {
                #expect(try pool.release(lease.address, lease.owner))
                leases.remove(lease)
            } else if leases.count < pool.space.capacity {
                serial += 1
                leases.insert(AddressLease(try pool.allocate(owner(serial)), owner(serial)))
            }
            return (before.0, pool.memory.changes, before.1)
        }
    }

    /// Checks all points of one operation: before, after, nothing in between; and no address lost or given twice.
    private func expectSafe(
        _ pages: [Int: Page], _ changes: [Change], before: Set<AddressLease>, after: Set<AddressLease>,
        _ space: AddressSpace, draining limit: Int
    ) throws {
        for point in 0...changes.count {
            let memory = Memory(pages)
            for change in changes.prefix(point) { memory.apply(change) }
            let survivor = try MemoryPool(space, memory)
            let found = Set(try survivor.leases())
            #expect(found == before || found == after)
            if point == 0 { #expect(found == before) }
            if point == changes.count { #expect(found == after) }
            try expectUsable(survivor, found, limit)
        }
    }

    private func expectUsable(_ pool: MemoryPool, _ leases: Set<AddressLease>, _ limit: Int) throws {
        let free = pool.space.capacity - leases.count
        var taken = Set(leases.map(\.address))
        for _ in 0..<min(limit, free) {
            #expect(taken.insert(try pool.allocate(owner(-1))).inserted)
        }
        if free <= limit { #expect(throws: AddressPoolError.self) { _ = try pool.allocate(owner(-1)) } }
        for lease in leases.prefix(3) {
            #expect(try pool.release(lease.address, lease.owner))
            #expect(try pool.owner(of: lease.address) == nil)
        }
    }

    @Test func B11_almostFullPoolSurvivesEveryKill() throws {
        let space = try space("10.0.0.0/22", gateway: "10.0.0.1")
        var scene = Scene(try MemoryPool(new: space), seed: 1)
        for _ in 0..<1010 { _ = try scene.step(allocating: 100) }
        for _ in 0..<250 {
            let (pages, changes, before) = try scene.step(allocating: 65)
            try expectSafe(pages, changes, before: before, after: scene.leases, space, draining: 40)
        }
    }

    @Test func B11_almostEmptyPoolSurvivesEveryKill() throws {
        let space = try space("10.0.0.0/21", gateway: "10.0.0.1")
        var scene = Scene(try MemoryPool(new: space), seed: 2)
        for step in 0..<3000 {
            let (pages, changes, before) = try scene.step(allocating: 50)
            // All that begin, end or fill a block, and some of the others.
            let isOrdinary = changes.count == (scene.leases.count > before.count ? 2 : 1)
            if isOrdinary, step % 40 != 0 { continue }
            try expectSafe(pages, changes, before: before, after: scene.leases, space, draining: 3)
        }
    }

    /// Without its gateway a /24 has a second block, of one address.
    @Test(arguments: ["10.0.0.0/24", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.0/31"], ["10.0.0.1", nil])
    func B11_smallPoolSurvivesEveryKill(text: String, gateway: String?) throws {
        let space = try space(text, gateway: gateway)
        var scene = Scene(try MemoryPool(new: space), seed: 3)
        for _ in 0..<200 {
            let (pages, changes, before) = try scene.step(allocating: 60)
            try expectSafe(pages, changes, before: before, after: scene.leases, space, draining: 4)
        }
    }

    @Test func B11_theBorderOfTwoIndexPagesSurvivesEveryKill() throws {
        let space = try space("10.0.0.0/8", gateway: "10.0.0.1")
        let memory = Memory()
        _ = try MemoryPool(new: space, memory)
        var index = PoolIndex(blocks: PoolIndex.blocks)
        index.cursor = PoolIndex.blocks * PoolBlock.slots - 100
        memory.pages[0] = index.encoded(number: 0, space: space)
        var scene = Scene(try MemoryPool(space, memory), seed: 4)
        for _ in 0..<400 {
            let (pages, changes, before) = try scene.step(allocating: 60)
            try expectSafe(pages, changes, before: before, after: scene.leases, space, draining: 1)
        }
        let border = space.address(of: PoolIndex.blocks * PoolBlock.slots)
        #expect(scene.leases.contains { $0.address < border } && scene.leases.contains { $0.address > border })
    }

    @Test func blockThatIsFullWithoutBeingMarkedIsPassed() throws {
        let space = try space("10.0.0.0/23", gateway: "10.0.0.1")
        let pool = try MemoryPool(new: space)
        for number in 0..<253 { _ = try pool.allocate(owner(number)) }
        // The last allocation wrote the block, the mark and the cursor; the kill came before the mark.
        let memory = Memory(pool.memory.pages)
        var changed = try PoolIndex(
            try memory.pages[0].orThrow(), number: 0, layout: PoolLayout(space), space: space)
        #expect(changed.full.contains(0))
        changed.full.clear(0)
        memory.pages[0] = changed.encoded(number: 0, space: space)
        let survivor = try MemoryPool(space, memory)
        var given = Set<IPAddress>()
        for _ in 0..<256 { given.insert(try survivor.allocate(owner(1))) }
        #expect(given.count == 256)
        #expect(throws: AddressPoolError.full(space.subnet, capacity: 509)) { _ = try survivor.allocate(owner(1)) }
        // It is marked now, so that nobody looks again.
        let index = try PoolIndex(try memory.pages[0].orThrow(), number: 0, layout: PoolLayout(space), space: space)
        #expect(index.full.contains(0))
    }
}
