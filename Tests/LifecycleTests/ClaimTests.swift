import Core
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// Who gets a container that is there: starters, reclaimers and removals beside each other, in every order.
@Suite struct Claiming {
    private let place: Place
    private let id: ContainerID

    init() throws {
        place = try Place()
        id = try place.make(place.definition("box"), created: true)
    }

    @Test func oneOfTwoStarters() throws {
        let first = try ContainerClaim(place.host, id, named: "box")
        let error = #expect(throws: OperationError.self) { try ContainerClaim(place.host, id, named: "box") }
        #expect(error?.kind == .conflict)
        first.letGo()
        place.waitUntilFree(id)
        // What the first has left is somebody's to clear away.
        #expect(throws: OperationError.self) { try ContainerClaim(place.host, id, named: "box") }
        try place.host.reclaim(id)
        _ = try ContainerClaim(place.host, id, named: "box")
    }

    /// This process lives: whoever clears away leaves it alone.
    @Test func aReclaimerBesideAStarter() throws {
        let claim = try ContainerClaim(place.host, id, named: "box")
        try place.host.reclaim(id)
        #expect(Files.exists(place.layout.containerState(id)))
        #expect(place.host.isSupervised(id))
        claim.letGo()
        place.waitUntilFree(id)
        try place.host.reclaim(id)
        #expect(try place.outcome(id, "box") == "created")
    }

    @Test func aRemovalBesideAStarter() throws {
        let claim = try ContainerClaim(place.host, id, named: "box")
        #expect(try !place.store.remove(id, name: nil, isOwn: false), "it has begun")
        #expect(try place.store.definition(id) != nil)
        claim.letGo()
        place.waitUntilFree(id)
        #expect(try place.store.remove(id, name: nil, isOwn: false))
        #expect(try place.outcome(id, "box") == "gone")
        let error = #expect(throws: OperationError.self) { try ContainerClaim(place.host, id, named: "box") }
        #expect(error?.kind == .notFound)
        #expect(!Files.exists(place.layout.containerRuntime(id)))
    }

    /// A removal has the container's directory for itself.
    @Test func aStarterBesideARemoval() throws {
        let directory = try Descriptor.open(place.layout.container(id), O_RDONLY | O_DIRECTORY)
        #expect(directory.tryLock(exclusive: true) == 0)
        let error = #expect(throws: OperationError.self) { try ContainerClaim(place.host, id, named: "box") }
        #expect(error?.kind == .notFound)
        #expect(try place.outcome(id, "box") == "created")
    }

    /// Of another run, whose remains are to be cleared away first.
    @Test func aStarterFindsTheRemainsOfARun() throws {
        try place.leave(place.deadState(.running, started: .now()), of: id)
        let error = #expect(throws: OperationError.self) { try ContainerClaim(place.host, id, named: "box") }
        #expect(error?.kind == .conflict)
        try place.host.reclaim(id)
        #expect(try place.outcome(id, "box") == "exited 137")
        _ = try ContainerClaim(place.host, id, named: "box")
    }

    /// Nothing says how it ended: that it was lost is on record before anything else is.
    @Test func aLostOne() throws {
        try Files.remove(place.layout.created(id))
        #expect(try place.outcome(id, "box") == "lost")
        let claim = try ContainerClaim(place.host, id, named: "box")
        claim.letGo()
        place.waitUntilFree(id)
        try place.host.reclaim(id)
        #expect(try place.outcome(id, "box") == "exited 137")
    }

    /// The lock's directory is gone between two steps of a starter: it is made again.
    @Test func anEmptyDirectory() throws {
        try Files.makeDirectory(place.layout.containerRuntime(id))
        try place.host.reclaim(id)
        #expect(!Files.exists(place.layout.containerRuntime(id)))
        try Files.makeDirectory(place.layout.containerRuntime(id))
        _ = try ContainerClaim(place.host, id, named: "box")
    }
}
