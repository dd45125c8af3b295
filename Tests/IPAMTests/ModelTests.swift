import Core
import Testing

@testable import IPAM

/// Random histories of pools next to the same of the model.
@Suite struct ModelTests {
    /// Does the same thing to both and compares what they say.
    struct Pair {
        let pool: MemoryPool
        var model: Model
        var random: SeededGenerator

        init(prefix: Int, seed: UInt64) throws {
            random = SeededGenerator(seed)
            let subnet = Subnet(IPAddress(ipv4: .random(in: 0...(.max), using: &random)), prefix).network
            let offset = UInt32.random(
                in: 0...UInt32(min(300, subnet.last.number - subnet.first.number)), using: &random)
            let gateway = try subnet.first.advanced(by: UInt128(offset)).orThrow()
            let space = try AddressSpace(subnet, reserving: [gateway])
            pool = try MemoryPool(new: space)
            model = Model(subnet, gateway: gateway)
        }

        /// One in the subnet or a little outside, often one in use.
        mutating func anyAddress() -> IPAddress {
            if Bool.random(using: &random), let used = model.owners.keys.randomElement(using: &random) {
                return IPAddress(ipv4: UInt32(used))
            }
            let range = max(0, model.first - 2)...min(Int(UInt32.max), model.first + 700, model.last + 2)
            return IPAddress(ipv4: UInt32(Int.random(in: range, using: &random)))
        }

        mutating func step(allocating share: Int) throws {
            let someone = owner(.random(in: 0..<5, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case ..<share: try allocate(someone)
            case ..<(share + 4): try reserve(anyAddress(), someone)
            case ..<(share + 8): try askOwner(of: anyAddress())
            default: try release(someone)
            }
        }

        private func askOwner(of address: IPAddress) throws {
            #expect(try pool.owner(of: address) == model.owners[Int(address.number)])
        }

        private mutating func allocate(_ owner: LeaseOwner) throws {
            if let expected = model.allocate(owner) {
                #expect(try Int(pool.allocate(owner).number) == expected)
            } else {
                #expect(throws: AddressPoolError.full(pool.space.subnet, capacity: model.capacity)) {
                    _ = try pool.allocate(owner)
                }
            }
        }

        private mutating func reserve(_ address: IPAddress, _ owner: LeaseOwner) throws {
            let number = Int(address.number)
            if !model.isGivable(number) || (model.owners[number] ?? owner) != owner {
                #expect(throws: AddressPoolError.self) { try pool.reserve(address, owner) }
            } else {
                try pool.reserve(address, owner)
                model.owners[number] = owner
            }
        }

        private mutating func release(_ someone: LeaseOwner) throws {
            let address = anyAddress()
            let holder = model.owners[Int(address.number)].flatMap { Bool.random(using: &random) ? $0 : nil }
            let released = try pool.release(address, holder ?? someone)
            #expect(released == model.release(Int(address.number), holder ?? someone))
        }

        func compare() throws {
            #expect(try pool.leases() == model.leases)
            #expect(try pool.inUse() == model.owners.count)
        }
    }

    @Test(arguments: 8...32)
    func B04_B05_B06_B07_B12_B18_poolAgreesWithTheModel(prefix: Int) throws {
        var pair = try Pair(prefix: prefix, seed: UInt64(prefix))
        // Filling, emptying, and so on; the small ones reach both ends many times.
        for step in 0..<4200 {
            try pair.step(allocating: step / 700 % 2 == 0 ? 80 : 30)
            if step % 16 == 0 { try pair.pool.reopen() }
            if step % 100 == 0 { try pair.compare() }
        }
        try pair.compare()
    }
}
