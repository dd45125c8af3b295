import Core
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// The one address of a small network: who has it, and when somebody else gets it.
@Suite struct LeasingTheLastAddress {
    private let place: Place
    private let network: NetworkDefinition
    private let address = IPAddress("10.9.1.2")

    init() throws {
        place = try Place()
        network = try place.network("one", "10.9.1.1/30")
    }

    private func lease(for id: ContainerID, _ requested: IPAddress? = nil) throws -> IPAddress {
        try place.host.lease(from: network, for: id, requested: requested)
    }

    /// Who leased it was killed before anything else of it was on record.
    @Test func ofNobody() throws {
        #expect(try lease(for: .random()) == address)
        #expect(try lease(for: .random()) == address)
    }

    /// Its supervisor is dead, and nobody has cleared away after it yet.
    @Test func ofADeadOne() throws {
        let id = try place.make(place.definition("box", on: [network]))
        var state = place.deadState(.running, started: .now())
        state.endpoints = [try place.endpoint("10.9.1.2", of: id, on: network)]
        try place.leave(state, of: id)
        #expect(try lease(for: .random()) == address)
        #expect(place.driver.calls == ["disconnect one"], "its rules go before")
        #expect(try place.outcome(id, "box") == "exited 137")
    }

    @Test func ofALivingOne() throws {
        let id = try place.make(place.definition("box", on: [network]))
        let supervisor = try StandIn(.making, of: id, place)
        _ = try lease(for: id)
        let full = #expect(throws: OperationError.self) { try lease(for: .random()) }
        #expect(full?.kind == .exhausted)
        #expect(full?.description.hasPrefix("network one: ") == true)
        let taken = #expect(throws: OperationError.self) { try lease(for: .random(), address) }
        #expect(taken?.kind == .conflict)
        #expect(taken?.description.hasSuffix("\"10.9.1.2\": held by container \"box\"") == true)
        #expect(try place.host.hasLease(id, on: network))
        supervisor.kill()
    }

    @Test func whatCannotBeAsked() throws {
        let gateway = #expect(throws: OperationError.self) { try lease(for: .random(), network.gateway?.address) }
        #expect(gateway?.description.hasSuffix("held by the network's gateway") == true)
        let foreign = #expect(throws: OperationError.self) { try lease(for: .random(), IPAddress("10.9.2.2")) }
        #expect(foreign?.description.hasSuffix("the network is 10.9.1.0/30") == true)
    }

    /// A record that cannot be read keeps its own address and no other container from its own.
    @Test func besideADamagedOne() throws {
        let id = try place.make(place.definition("box", on: [network]))
        try place.leave(place.deadState(.running, started: .now()), of: id)
        _ = try lease(for: id)
        try Files.replace(place.layout.containerState(id), Array("{".utf8))
        #expect(throws: OperationError.self) { try lease(for: .random()) }
        #expect(try place.host.hasLease(id, on: network))
        #expect(place.warnings.contains { $0.contains(place.layout.containerState(id)) })
    }
}
