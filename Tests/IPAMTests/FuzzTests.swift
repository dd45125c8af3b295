import Core
import Fuzzing
import Testing

@testable import IPAM

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    /// Any bytes in the file, most of which a checksum gives away.
    @Test(arguments: ["192.168.0.0/24", "10.0.0.0/21", "10.0.0.0/31"]) func files(subnet: String) throws {
        let space = try IPAMTests.space(subnet, gateway: nil)
        try expectSurvival(of: space, cost: 400) { $0 }
    }

    /// Pages with a right checksum that say anything.
    @Test(arguments: ["192.168.0.0/24", "10.0.0.0/21", "10.0.0.0/31"]) func contents(subnet: String) throws {
        let space = try IPAMTests.space(subnet, gateway: nil)
        try expectSurvival(of: space, cost: 400) { $0.sealed() }
    }

    private func expectSurvival(of space: AddressSpace, cost: UInt64, _ finish: (Page) -> Page) throws {
        let memory = Memory()
        var pool = try AddressPool(new: space, in: MemoryPages(memory: memory))
        for number in 0..<min(300, space.capacity) { _ = try pool.allocate(owner(number)) }
        for lease in try pool.leases().prefix(20) { try pool.release(lease.address, lease.owner) }
        let pages = memory.pages
        let numbers = pages.keys.sorted()
        let examples = numbers.map { number in (pages[number] ?? Page()).words.flatMap(Self.bytes) }
        var round = 0
        Fuzz.bytes(examples, cost: cost) { bytes in
            round += 1
            memory.pages = pages
            memory.pages[numbers[round % numbers.count]] = finish(Self.page(bytes))
            use(memory, space)
        }
    }

    private func use(_ memory: Memory, _ space: AddressSpace) {
        do throws(AddressPoolError) {
            var pool = try AddressPool(space, in: MemoryPages(memory: memory))
            for lease in try pool.leases() where !space.subnet.contains(lease.address) { Issue.record("\(lease)") }
            for number in 1000..<1010 {
                let address = try pool.allocate(owner(number))
                if try pool.owner(of: address) != owner(number) { Issue.record("\(address)") }
                try pool.release(address, owner(number))
            }
        } catch {
            if error.description.isEmpty { Issue.record("no reason") }
        }
    }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }

    /// What is too short is filled up, what is too long cut.
    private static func page(_ bytes: [UInt8]) -> Page {
        var words = Array(repeating: UInt64(0), count: Page.wordCount)
        for (index, byte) in bytes.prefix(Page.size).enumerated() {
            words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
        }
        return Page(words: words)
    }
}
