import Core
import Testing

@testable import IPAM

@Suite struct AddressSpaceTests {
    @Test(arguments: 8...32)
    func B06_numbersAreTheHostsOfTheSubnetAndNothingElse(prefix: Int) throws {
        for base: UInt32 in [0x0a00_0000, 0xc0a8_ff80, 0xffff_ffff] {
            let subnet = Subnet(IPAddress(ipv4: base), prefix)
            let gateway = subnet.hosts.lowerBound
            let space = try AddressSpace(subnet, reserving: [gateway])
            let model = Model(subnet, gateway: gateway)
            #expect(space.capacity == model.capacity)
            #expect(space.subnet == subnet.network)
            try expectRoundTrip(space, model)
        }
    }

    /// All of a small subnet, with neighbours; both ends of a large one.
    private func expectRoundTrip(_ space: AddressSpace, _ model: Model) throws {
        let edge = 600
        let low = max(0, model.first - 3)...min(model.first + edge, Int(UInt32.max))
        let high = max(0, model.last - edge)...min(model.last + 3, Int(UInt32.max))
        for number in Set(low).union(high) {
            let address = IPAddress(ipv4: UInt32(number))
            let slot = space.slot(of: address)
            #expect((slot != nil) == model.isGivable(number), "\(address)")
            if let slot { #expect(space.address(of: slot) == address) }
        }
        let slots = Set(0..<min(space.capacity, edge)).union(max(0, space.capacity - edge)..<space.capacity)
        for slot in slots { #expect(space.slot(of: space.address(of: slot)) == slot) }
    }

    @Test func reservedAddressesLeaveNoGaps() throws {
        let kept = try ["10.0.0.9", "10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.0", "10.9.9.9"].map(address)
        let space = try AddressSpace(subnet("10.0.0.0/28"), reserving: kept)
        #expect(space.reserved == (try ["10.0.0.1", "10.0.0.2", "10.0.0.9"].map(address)))
        #expect(space.capacity == 11)
        #expect((0..<11).map { space.address(of: $0).number & 0xff } == [3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14])
    }

    @Test func B15_hostBitsAreDropped() throws {
        #expect(try space("192.168.10.1/24", gateway: "192.168.10.1").subnet == subnet("192.168.10.0/24"))
    }

    @Test(arguments: 0...7)
    func largerThanSlash8IsRefused(prefix: Int) throws {
        #expect(throws: AddressPoolError.unusable(OperationError("subnet 0.0.0.0/\(prefix) is larger than a /8"))) {
            _ = try AddressSpace(Subnet(.anyIPv4, prefix), reserving: [])
        }
    }

    @Test func subnetsOfIPv6AreRefusedAsUnsupported() throws {
        let error = #expect(throws: AddressPoolError.self) { _ = try space("fd00::/120", gateway: "fd00::1") }
        #expect(error?.operationError.kind == .unsupported)
        #expect(try space("10.0.0.0/24").slot(of: address("::ffff:10.0.0.5")) == nil)
        #expect(try space("10.0.0.0/24").slot(of: address("::a00:5")) == nil)
    }

    @Test func tooManyReservedAddressesAreRefused() throws {
        let kept = (1...65).map { IPAddress(ipv4: 0x0a00_0000 + $0) }
        #expect(try AddressSpace(subnet("10.0.0.0/24"), reserving: Array(kept.dropLast())).capacity == 190)
        #expect(throws: AddressPoolError.self) { try AddressSpace(subnet("10.0.0.0/24"), reserving: kept) }
    }
}
