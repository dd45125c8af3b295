import Core
import Foundation
import Linux
import Records
import TestSupport
import Testing

@testable import Lifecycle

/// The list of what a container has, and what a teardown makes of it.
@Suite struct Resources {
    @Test func theOrderIsThatOfAStart() throws {
        let place = try Place()
        let networks = [try place.network("one", "10.9.1.1/24"), try place.network("two", "10.9.2.1/24")]
        let id = try place.make(place.definition("box", on: networks))
        var state = place.deadState(.running)
        let endpoints = [
            try place.endpoint("10.9.1.5", of: id, on: networks[0]),
            try place.endpoint("10.9.2.5", of: id, on: networks[1], isFirst: false),
        ]
        #expect(Resource.list(state, on: networks) == [.cgroups])
        state.endpoints = endpoints
        #expect(
            Resource.list(state, on: networks) == [
                .lease(endpoints[0], of: networks[0]), .lease(endpoints[1], of: networks[1]), .cgroups,
                .rules(endpoints[0]), .rules(endpoints[1]),
            ])
        // Between two rounds the addresses stay.
        #expect(Resource.list(state, on: []) == [.cgroups, .rules(endpoints[0]), .rules(endpoints[1])])
        #expect(Resource.list(nil, on: networks) == [.cgroups, .rulesOfEachDriver])
    }

    /// Whatever fails, the others go, and a second time finishes the work.
    @Test func aTeardownGoesOn() throws {
        let place = try Place()
        let networks = [try place.network("one", "10.9.1.1/24"), try place.network("two", "10.9.2.1/24")]
        let id = try place.make(place.definition("box", on: networks))
        var state = place.deadState(.running)
        state.endpoints = [
            try place.endpoint("10.9.1.5", of: id, on: networks[0]),
            try place.endpoint("10.9.2.5", of: id, on: networks[1], isFirst: false),
        ]
        place.driver.failing = "disconnect two"
        #expect(place.host.tearDown(id, state, releasing: networks).map(\.operation) == ["disconnect two"])
        #expect(place.driver.calls == ["disconnect two", "disconnect one"])
        #expect(try !place.host.hasLease(id, on: networks[0]))
        #expect(try place.host.hasLease(id, on: networks[1]))
        place.driver.failing = nil
        for _ in 0..<2 { #expect(place.host.tearDown(id, state, releasing: networks).isEmpty) }
        #expect(try !place.host.hasLease(id, on: networks[1]))
    }

    /// What a damaged state does not tell is found by the container's id.
    @Test func aDamagedState() throws {
        let place = try Place()
        let network = try place.network("one", "10.9.1.1/24")
        let id = try place.make(place.definition("box", on: [network]))
        _ = try place.endpoint("10.9.1.5", of: id, on: network)
        try place.leave(nil, of: id)
        try Files.create(place.layout.containerState(id), Array("{".utf8))
        #expect(try place.host.discardDamagedState(id))
        #expect(place.driver.calls == ["withdraw"])
        #expect(!Files.exists(place.layout.containerState(id)))
        #expect(try !place.host.discardDamagedState(id), "there is nothing damaged any more")
    }
}
