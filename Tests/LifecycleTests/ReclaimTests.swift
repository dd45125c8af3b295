import Core
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// What becomes of a container whose supervisor is dead, with each of its records as a kill can leave them.
@Suite struct Reclaiming {
    private static let earlier = Timestamp(nanoseconds: 1_000_000_000)
    private static let began = Timestamp(nanoseconds: 2_000_000_000)
    private static let later = Timestamp(nanoseconds: 3_000_000_000)

    struct Case: Sendable, CustomTestStringConvertible {
        var status: ContainerState.Status?
        var isCreated = false
        var isRemovedAtEnd = false
        /// On record, and when that was.
        var exit: (code: Int32, finished: Timestamp)?
        /// In the state.
        var lastExit: Int32?
        let outcome: String

        var testDescription: String {
            "\(status.map(\.rawValue) ?? "no state")\(isCreated ? ", created" : "")\(isRemovedAtEnd ? ", --rm" : "")"
                + (exit.map { ", exit \($0.code) of \($0.finished == earlier ? "an earlier run" : "this run")" } ?? "")
                + (lastExit.map { ", last exit \($0)" } ?? "") + ": \(outcome)"
        }
    }

    static let cases: [Case] = [
        // A run that was killed before its program began leaves nothing.
        Case(status: nil, outcome: "gone"),
        Case(status: .creating, outcome: "gone"),
        // One of a container that was there before leaves it as it was.
        Case(status: nil, isCreated: true, outcome: "created"),
        Case(status: .creating, isCreated: true, outcome: "created"),
        Case(status: nil, exit: (5, earlier), outcome: "exited 5"),
        Case(status: .creating, exit: (5, earlier), outcome: "exited 5"),
        // Nobody knows how its program ended.
        Case(status: .running, outcome: "exited 137"),
        Case(status: .running, isCreated: true, outcome: "exited 137"),
        Case(status: .running, exit: (3, earlier), outcome: "exited 137"),
        Case(status: .running, lastExit: 9, outcome: "exited 137"),
        // Somebody has written it down.
        Case(status: .running, exit: (3, later), outcome: "exited 3"),
        Case(status: .restarting, lastExit: 9, outcome: "exited 9"),
        Case(status: .ended, lastExit: 7, outcome: "exited 7"),
        // It was to be removed at its end.
        Case(status: nil, isRemovedAtEnd: true, outcome: "gone"),
        Case(status: .creating, isRemovedAtEnd: true, outcome: "gone"),
        Case(status: .running, isRemovedAtEnd: true, outcome: "gone"),
        Case(status: .running, isRemovedAtEnd: true, exit: (3, later), outcome: "gone"),
        Case(status: .creating, isCreated: true, isRemovedAtEnd: true, outcome: "created"),
    ]

    @Test(arguments: cases) func aDeadOne(_ record: Case) throws {
        let place = try Place()
        var definition = try place.definition("box")
        definition.autoRemove = record.isRemovedAtEnd
        let id = try place.make(definition, created: record.isCreated)
        if let exit = record.exit {
            try place.store.write(
                ContainerExit(exitCode: exit.code, started: nil, finished: exit.finished), of: id)
        }
        var state = record.status.map { place.deadState($0, started: $0 == .creating ? nil : Self.began) }
        state?.lastExit = record.lastExit.map {
            ContainerExit(exitCode: $0, started: Self.earlier, finished: Self.began)
        }
        try place.leave(state, of: id)
        for _ in 0..<2 {
            try place.host.reclaim(id)
            #expect(try place.outcome(id, "box") == record.outcome)
        }
    }

    /// Nothing of it is in /run: a reboot, or its removal was begun.
    @Test func withoutARun() throws {
        let place = try Place()
        for (isRemoved, isCreated, outcome) in [
            (true, false, "gone"), (true, true, "created"), (false, false, "lost"), (false, true, "created"),
        ] {
            var definition = try place.definition("box\(isRemoved)\(isCreated)")
            definition.autoRemove = isRemoved
            let id = try place.make(definition, created: isCreated)
            try place.host.reclaim(id)
            #expect(try place.outcome(id, definition.name.text) == outcome)
        }
    }

    /// Its definition goes first: what a killed removal leaves besides is no container any more.
    @Test(arguments: [true, false], [true, false]) func aRemovalThatWasBegun(hasExit: Bool, isCreated: Bool) throws {
        let place = try Place()
        let id = try place.make(place.definition("box"), created: isCreated)
        if hasExit {
            try place.store.write(ContainerExit(exitCode: 3, started: nil, finished: Self.began), of: id)
        }
        try Files.remove(place.layout.definition(id))
        try place.host.reclaim(id)
        #expect(try place.outcome(id, "box") == "gone")
        #expect(!Files.exists(place.layout.container(id)))
    }

    /// How often it had begun again, and when it had begun, is not lost with its supervisor.
    @Test func whatTheStateTellsOfARun() throws {
        for status in [ContainerState.Status.running, .restarting] {
            let place = try Place()
            let id = try place.make(place.definition("box"))
            var state = place.deadState(status, started: Self.began)
            state.restartCount = 4
            state.lastExit = ContainerExit(exitCode: 9, started: Self.earlier, finished: Self.began)
            try place.leave(state, of: id)
            try place.host.reclaim(id)
            let exit = try #require(try place.store.exit(id))
            #expect(exit.restartCount == 4)
            #expect(exit.started == (status == .running ? Self.began : Self.earlier))
            #expect(exit.error == (status == .running ? "its supervisor was killed" : ""))
        }
    }

    /// Damaged, newer, or of another container: an error that names the file, and nothing is lost.
    @Test(arguments: ["state.json", "record.json"]) func whatCannotBeReadStays(_ file: String) throws {
        let place = try Place()
        let id = try place.make(place.definition("box"))
        try place.leave(place.deadState(.running, started: Self.began), of: id)
        let isState = file == "state.json"
        let path = isState ? place.layout.containerState(id) : place.layout.definition(id)
        let good = try #require(Files.text(path))
        for bad in ["{", "", good.replacingOccurrences(of: "\"version\":2", with: "\"version\":99")] {
            try Files.replace(path, Array(bad.utf8))
            let error = #expect(throws: OperationError.self) { try place.host.reclaim(id) }
            #expect(error?.description.contains(path) == true, "\(error?.description ?? "")")
            #expect(Files.text(path) == bad)
            #expect(place.store.names.owner(of: try #require(Name("box"))) == id)
            // What is held and damaged may be somebody's who lives.
            place.waitUntilFree(id)
        }
        try Files.replace(path, Array(good.utf8))
        try place.host.reclaim(id)
        #expect(try place.outcome(id, "box") == "exited 137")
    }

    /// Of several endpoints each is left, whatever fails; an address is free once no rule names it.
    @Test func whatFailsStaysOnRecord() throws {
        let place = try Place()
        let networks = [try place.network("one", "10.9.1.1/24"), try place.network("two", "10.9.2.1/24")]
        let id = try place.make(place.definition("box", on: networks))
        var state = place.deadState(.running, started: Self.began)
        state.endpoints = [
            try place.endpoint("10.9.1.5", of: id, on: networks[0]),
            try place.endpoint("10.9.2.5", of: id, on: networks[1], isFirst: false),
        ]
        try place.leave(state, of: id)
        place.driver.failing = "disconnect one"
        #expect(throws: OperationError.self) { try place.host.reclaim(id) }
        #expect(place.driver.calls == ["disconnect two", "disconnect one"])
        #expect(try place.host.hasLease(id, on: networks[0]))
        #expect(try !place.host.hasLease(id, on: networks[1]))
        #expect(try place.outcome(id, "box").hasSuffix(", run left"))

        place.driver.failing = nil
        try place.host.reclaim(id)
        #expect(try !place.host.hasLease(id, on: networks[0]))
        #expect(try place.outcome(id, "box") == "exited 137")
    }

    /// While its rules are there the address is its own.
    @Test func theAddressIsFreeLast() throws {
        let place = try Place()
        let network = try place.network("one", "10.9.1.1/24")
        let id = try place.make(place.definition("box", on: [network]))
        var state = place.deadState(.running, started: Self.began)
        state.endpoints = [try place.endpoint("10.9.1.5", of: id, on: network)]
        try place.leave(state, of: id)
        var held: Bool?
        place.driver.meanwhile = { [host = place.host] _ in held = try? host.hasLease(id, on: network) }
        try place.host.reclaim(id)
        #expect(held == true)
        #expect(try !place.host.hasLease(id, on: network))
    }

    /// A lease that was made a moment before the kill is on no record but the pool's.
    @Test func anAddressThatNoStateNames() throws {
        let place = try Place()
        let network = try place.network("one", "10.9.1.1/24")
        let id = try place.make(place.definition("box", on: [network]))
        _ = try place.endpoint("10.9.1.5", of: id, on: network)
        try place.leave(place.deadState(.creating), of: id)
        try place.host.reclaim(id)
        #expect(try !place.host.hasLease(id, on: network))
        #expect(try place.outcome(id, "box") == "gone")
    }
}
