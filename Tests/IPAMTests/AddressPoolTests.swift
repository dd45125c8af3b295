import Core
import Testing

@testable import IPAM

@Suite struct AddressPoolTests {
    private func pool(_ text: String, gateway: String? = nil) throws -> MemoryPool {
        try MemoryPool(new: space(text, gateway: gateway))
    }

    private func drain(_ pool: MemoryPool) throws -> [String] {
        var given: [String] = []
        while let address = try? pool.allocate(owner(given.count)) { given.append(address.description) }
        return given
    }

    @Test func B04_broadcastIsNeverHandedOut() throws {
        let pool = try pool("192.168.1.0/24", gateway: "192.168.1.1")
        let given = try drain(pool)
        #expect(given == (2...254).map { "192.168.1.\($0)" })
    }

    @Test func B05_networkAddressIsNeverHandedOut() throws {
        let pool = try pool("10.1.0.0/23", gateway: "10.1.0.1")
        let given = try drain(pool)
        #expect(given.count == 509)
        #expect(!given.contains("10.1.0.0") && !given.contains("10.1.1.255"))
        // Inside of a /23 these two are hosts like others.
        #expect(given.contains("10.1.0.255") && given.contains("10.1.1.0"))
    }

    @Test(arguments: [
        ("192.168.1.0/25", "192.168.1.1", "192.168.1.126"), ("192.168.1.128/25", "192.168.1.129", "192.168.1.254"),
        ("10.0.0.4/30", "10.0.0.5", "10.0.0.6"), ("10.0.0.4/31", "10.0.0.4", "10.0.0.5"),
        ("10.0.0.7/32", "10.0.0.7", "10.0.0.7"), ("255.255.255.252/30", "255.255.255.253", "255.255.255.254"),
        ("255.255.255.254/31", "255.255.255.254", "255.255.255.255"), ("0.0.0.0/30", "0.0.0.1", "0.0.0.2"),
    ])
    func B06_addressesStayInTheSubnet(text: String, first: String, last: String) throws {
        let pool = try pool(text)
        let given = try drain(pool)
        #expect(given.first == first && given.last == last)
        #expect(given.count == Int(try address(last).number - address(first).number) + 1)
    }

    @Test(arguments: [
        ("192.168.0.0/24", "192.168.0.1", 253), ("192.168.0.0/29", "192.168.0.1", 5),
        ("192.168.0.0/30", "192.168.0.1", 1),
        ("192.168.0.0/31", "192.168.0.1", 1), ("192.168.0.0/32", "192.168.0.0", 0), ("10.0.0.0/22", "10.0.0.1", 1021),
    ])
    func B07_fullSubnetIsAnError(text: String, gateway: String, capacity: Int) throws {
        let pool = try pool(text, gateway: gateway)
        #expect(try drain(pool).count == capacity)
        let before = pool.memory.pages
        let error = #expect(throws: AddressPoolError.self) { _ = try pool.allocate(owner(1)) }
        #expect(error?.description == "no available addresses in \(text) (\(capacity) of \(capacity) in use)")
        #expect(error == .full(try subnet(text), capacity: capacity))
        #expect(pool.memory.pages == before)
    }

    /// Only what is asked for comes from outside of the range, and the turn goes round in it.
    @Test(arguments: ["192.168.1.64/29", "192.168.1.1-192.168.1.9", "192.168.0.250-192.168.1.3", "192.168.3.248/29"])
    func addressesAreChosenFromTheRange(text: String) throws {
        let range = try AddressRange(text).orThrow()
        let reserved = [try address("192.168.0.1"), try address("192.168.1.66"), range.first]
        let pool = try MemoryPool(
            new: AddressSpace(subnet("192.168.0.0/22"), reserving: reserved, range: range))
        let expected = (0...10).compactMap { range.first.advanced(by: $0) }
            .filter { range.contains($0) && !reserved.contains($0) && $0.description != "192.168.3.255" }.map(
                \.description)
        for stranger in ["192.168.0.2", "192.168.3.200"] { try pool.reserve(address(stranger), owner(999)) }
        #expect(try drain(pool) == expected)
        let error = #expect(throws: AddressPoolError.self) { _ = try pool.allocate(owner(1)) }
        #expect(error == .full(try subnet("192.168.0.0/22"), capacity: expected.count))
        for (place, text) in expected.enumerated().reversed() {
            try pool.release(address(text), owner(place))
            #expect(try pool.allocate(owner(place)).description == text)
        }
    }

    @Test func B12_foreignReleasesAreHarmless() throws {
        let pool = try pool("192.168.1.0/24", gateway: "192.168.1.1")
        let given = try pool.allocate(owner(1))
        let before = pool.memory.pages
        for text in [
            "192.168.1.0", "192.168.1.1", "192.168.1.255", "192.168.2.2", "10.0.0.1", "0.0.0.0", "255.255.255.255",
            "192.168.1.77",
        ] {
            #expect(try !pool.release(address(text), owner(1)), "\(text)")
        }
        #expect(try !pool.release(given, owner(2)))
        #expect(pool.memory.pages == before)
        #expect(try pool.release(given, owner(1)))
        #expect(try !pool.release(given, owner(1)))
        #expect(try pool.inUse() == 0)
    }

    @Test func B18_freedAddressComesBackLast() throws {
        let pool = try pool("10.0.0.0/23", gateway: "10.0.0.1")
        let first = try pool.allocate(owner(0))
        try pool.release(first, owner(0))
        for _ in 1..<509 { #expect(try pool.allocate(owner(1)) != first) }
        #expect(try pool.allocate(owner(2)) == first)
        #expect(throws: AddressPoolError.self) { _ = try pool.allocate(owner(3)) }
    }

    @Test func B18_eachOtherAddressIsUsedBeforeOneComesBack() throws {
        let pool = try pool("10.0.0.0/22", gateway: "10.0.0.1")
        var seen: [IPAddress] = []
        for _ in 0..<2 * 1021 {
            let address = try pool.allocate(owner(1))
            try pool.release(address, owner(1))
            seen.append(address)
        }
        #expect(Set(seen[..<1021]).count == 1021)
        #expect(seen[..<1021] == seen[1021...])
    }

    @Test func B19_everyAddressHasAnOwner() throws {
        let pool = try pool("10.0.0.0/24", gateway: "10.0.0.1")
        let container = ContainerID.random()
        let given = try pool.allocate(LeaseOwner(container))
        let holder = try pool.owner(of: given)
        #expect(holder == LeaseOwner(container))
        #expect(holder?.description == String(container.hex.prefix(32)))
        #expect(holder?.isContainer(container) == true)
        #expect(holder?.isContainer(.random()) == false)
        #expect(try pool.leases() == [AddressLease(given, LeaseOwner(container))])
        #expect(try pool.owner(of: address("10.0.0.3")) == nil)
        #expect(try pool.owner(of: address("11.0.0.3")) == nil)
    }

    @Test func requestedAddress() throws {
        let pool = try pool("10.0.0.0/24", gateway: "10.0.0.1")
        let wanted = try address("10.0.0.50")
        try pool.reserve(wanted, owner(1))
        try pool.reserve(wanted, owner(1))
        #expect(throws: AddressPoolError.taken(wanted, holder: owner(1))) { try pool.reserve(wanted, owner(2)) }
        let gateway = try address("10.0.0.1")
        #expect(throws: AddressPoolError.taken(gateway, holder: nil)) { try pool.reserve(gateway, owner(2)) }
        for text in ["10.0.0.0", "10.0.0.255", "10.0.1.5"] {
            let outside = try address(text)
            #expect(throws: AddressPoolError.outOfRange(outside, pool.space.subnet)) {
                try pool.reserve(outside, owner(2))
            }
        }
        #expect(AddressPoolError.taken(wanted, holder: nil).description == "Address already in use")
        #expect(
            AddressPoolError.outOfRange(wanted, pool.space.subnet).description == "requested address is out of range")
        #expect(try pool.leases() == [AddressLease(wanted, owner(1))])
        #expect(try !drain(pool).contains("10.0.0.50"))
    }

    @Test func preferredAddressIsTakenWhenFree() throws {
        let pool = try pool("10.0.0.0/24", gateway: "10.0.0.1")
        let wanted = try address("10.0.0.50")
        #expect(try pool.allocate(owner(1), preferring: wanted) == wanted)
        #expect(try pool.allocate(owner(2), preferring: wanted) == address("10.0.0.2"))
        #expect(try pool.allocate(owner(3), preferring: address("10.0.0.1")) == address("10.0.0.3"))
        #expect(try pool.allocate(owner(4), preferring: address("99.0.0.1")) == address("10.0.0.4"))
    }

    @Test func emptiedBlocksTakeNoMemory() throws {
        let memory = Memory()
        let pool = try MemoryPool(new: space("10.0.0.0/16", gateway: "10.0.0.1"), memory)
        for _ in 0..<20_000 {
            let address = try pool.allocate(owner(1))
            try pool.release(address, owner(1))
        }
        let garbage = memory.pages.values.count { $0.words[0] == ~0 }
        #expect(memory.pages.count - garbage <= 2)
        #expect(garbage > 70)
    }

    @Test func blockOfOneAddressIsFullAndEmptyByTurns() throws {
        let pool = try pool("10.0.0.0/24")
        let last = try address("10.0.0.254")
        #expect(try drain(pool).count == 254)
        let holder = try pool.owner(of: last).orThrow()
        for _ in 0..<3 {
            #expect(try pool.release(last, holder))
            #expect(try pool.allocate(holder) == last)
        }
    }

    @Test func nothingStaysOfAFormerOwner() {
        let empty = PoolBlock(slots: 253)
        var block = empty
        block.take(7, owner(1))
        #expect(block.encoded(number: 1) != empty.encoded(number: 1))
        block.free(7)
        #expect(block.encoded(number: 1) == empty.encoded(number: 1))
    }
}
