import Core
import IPAM
import Lifecycle
import Records
import TestSupport
import Testing

/// Leases know nothing of pools in files, nor of IPv4: another allocator, of an IPv6 subnet, does as well.
@Suite struct AllocatorTests {
    private let allocator: MemoryAllocator
    private let place: Place
    private let network: NetworkDefinition

    init() throws {
        let allocator = MemoryAllocator(try #require(Subnet("fd00::1/126")))
        self.allocator = allocator
        place = try Place { _, _ in allocator }
        network = try place.network("net", "fd00::1/126")
    }

    private func container(_ name: String) throws -> ContainerID {
        try place.make(place.definition(name, on: [network]))
    }

    private func leases() throws -> [String: LeaseOwner] {
        let leases = try place.host.leases(of: network)
        return Dictionary(uniqueKeysWithValues: leases.map { ($0.address.description, $0.owner) })
    }

    /// With the directory of a run, without which an address has no owner.
    private func running(_ name: String) throws -> ContainerID {
        let id = try container(name)
        try place.leave(nil, of: id)
        return id
    }

    @Test func givesTakesAndNamesTheHolder() throws {
        let (one, other) = (try running("one"), try running("other"))
        #expect(try leases().isEmpty)
        #expect(try place.host.lease(from: network, for: one, requested: nil).description == "fd00::2")
        let wanted = try #require(IPAddress("fd00::3"))
        #expect(try place.host.lease(from: network, for: other, requested: wanted) == wanted)
        #expect(try leases() == ["fd00::2": LeaseOwner(one), "fd00::3": LeaseOwner(other)])
        #expect(try place.host.hasLease(one, on: network))
        try place.host.release([wanted], from: network, of: one)
        try place.host.release([try #require(IPAddress("fd00::2"))], from: network, of: one)
        #expect(try leases() == ["fd00::3": LeaseOwner(other)])
    }

    @Test(arguments: [("fd00::1", ErrorKind.conflict), ("fd00::4", .failed), ("10.0.0.2", .failed)])
    func whatCannotBeGiven(text: String, kind: ErrorKind) throws {
        let id = try running("box")
        let wanted = try #require(IPAddress(text))
        let error = #expect(throws: OperationError.self) {
            try place.host.lease(from: network, for: id, requested: wanted)
        }
        #expect(error?.kind == kind)
        #expect(error?.subject == text)
        #expect(try leases().isEmpty)
    }

    /// When there is none left, the addresses of containers without a run are free.
    @Test func orphansMakeRoom() throws {
        let id = try running("box")
        for name in ["a", "b"] {
            _ = try place.host.lease(from: network, for: container(name), requested: nil)
        }
        #expect(try place.host.lease(from: network, for: id, requested: nil).description == "fd00::2")
        #expect(try leases() == ["fd00::2": LeaseOwner(id)])
    }

    /// What nothing is known of, or what is damaged, is made from the records of runs.
    @Test(arguments: [nil, ErrorKind.damaged]) func isRebuiltFromTheRecords(damage: ErrorKind?) throws {
        let (one, other) = (try running("one"), try running("other"))
        var state = place.deadState(.running)
        state.endpoints = [try place.endpoint("fd00::3", of: one, on: network)]
        try place.store.write(state, of: one)
        if let damage { allocator.damage(OperationError("damaged", kind: damage)) } else { allocator.forget() }
        #expect(try place.host.lease(from: network, for: other, requested: nil).description == "fd00::2")
        #expect(try leases() == ["fd00::2": LeaseOwner(other), "fd00::3": LeaseOwner(one)])
    }

    @Test func whatIsOfANewerReleaseStays() throws {
        let id = try running("box")
        _ = try place.host.lease(from: network, for: id, requested: nil)
        allocator.damage(OperationError("newer", kind: .newerVersion))
        let error = #expect(throws: OperationError.self) {
            try place.host.lease(from: network, for: id, requested: nil)
        }
        #expect(error?.kind == .newerVersion)
    }
}
