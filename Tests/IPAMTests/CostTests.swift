import Core
import Foundation
import Testing

@testable import IPAM

/// What an address costs does not depend on how large the subnet is.
@Suite(.serialized) struct CostTests {
    private static let prefixes = [24, 20, 16, 12, 8]
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// Microseconds of opening the pool, taking an address and giving it back, in each of `pools`: the fastest of many
    /// rounds, in which the pools take turns, so that whatever else the machine does is the same for all.
    private func costs(_ pools: [(path: String, space: AddressSpace)]) throws -> [Double] {
        var best = pools.map { _ in Double.infinity }
        for _ in 0..<60 {
            for (index, pool) in pools.enumerated() {
                let start = DispatchTime.now().uptimeNanoseconds
                for _ in 0..<5 { try use(pool.path, pool.space) }
                best[index] = min(best[index], Double(DispatchTime.now().uptimeNanoseconds - start) / 5000)
            }
        }
        return best
    }

    private func use(_ path: String, _ space: AddressSpace) throws {
        let pool = AddressPoolFile(path, space)
        try pool.release(pool.allocate(owner(1)), owner(1))
    }

    private func report(_ title: String, _ costs: [Double]) {
        let cells = zip(CostTests.prefixes, costs).map { "/\($0) " + String(format: "%.1f", $1) }
        print("IPAM \(title), µs per open + allocate + open + release:", cells.joined(separator: ", "))
    }

    @Test func B17_costIsFlatFromSlash24ToSlash8() throws {
        let costs = try costs(
            CostTests.prefixes.map { prefix in
                let path = directory("pool\(prefix)")
                let space = try space("10.0.0.0/\(prefix)", gateway: "10.0.0.1")
                let pool = try newPool(path, space)
                for number in 0..<20 { _ = try pool.allocate(owner(number)) }
                return (path, space)
            })
        report("almost empty", costs)
        #expect(costs[4] < 4 * costs[0])
    }

    @Test func B17_costIsFlatInPoolsThatAre99PercentFull() throws {
        let costs = try costs(
            CostTests.prefixes.map { prefix in
                let path = directory("full\(prefix)")
                let space = try space("10.0.0.0/\(prefix)", gateway: "10.0.0.1")
                _ = try newPool(path, space)
                try fill(path, space)
                return (path, space)
            })
        report("99 % full", costs)
        #expect(costs[4] < 4 * costs[0])
    }

    /// Full but for the last hundredth, with the cursor at the start: the longest search there is.
    /// Of blocks that are marked full the pages are left out: nothing may read them, which is what makes this fast.
    private func fill(_ path: String, _ space: AddressSpace) throws {
        let layout = PoolLayout(space)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let used = space.capacity * 99 / 100
        for number in 0..<layout.indexCount {
            var index = PoolIndex(blocks: layout.blocks(inIndex: number))
            for bit in 0..<layout.blocks(inIndex: number) {
                let block = number * PoolIndex.blocks + bit
                let count = min(PoolBlock.slots, used - block * PoolBlock.slots)
                guard count > 0 else { break }
                index.written.set(bit)
                if count == PoolBlock.slots { index.full.set(bit); continue }
                var contents = PoolBlock(slots: layout.slots(inBlock: block))
                for slot in 0..<count { contents.take(slot, owner(slot)) }
                let page = layout.page(ofBlock: block)
                try put(contents.encoded(number: page), page, file)
            }
            try put(index.encoded(number: number, space: space), number, file)
        }
    }

    /// The same counted: what time cannot show on a busy machine.
    @Test func B17_pagesTouchedAreFewInEverySubnet() throws {
        for prefix in 8...29 {
            let memory = Memory()
            let space = try space("10.0.0.0/\(prefix)", gateway: "10.0.0.1")
            let pool = try MemoryPool(new: space, memory)
            for number in 0..<3 { _ = try pool.allocate(owner(number)) }
            memory.reads = 0
            memory.changes = []
            let used = try MemoryPool(space, memory)
            try used.release(used.allocate(owner(1)), owner(1))
            #expect(memory.reads == 3, "/\(prefix)")
            #expect(memory.changes.count == 3, "/\(prefix)")
        }
    }

    private func put(_ page: Page, _ number: Int, _ file: FileHandle) throws {
        try file.seek(toOffset: UInt64(number * Page.size))
        file.write(page.words.withUnsafeBytes { Data($0) })
    }
}
