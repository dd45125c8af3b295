import Core
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// The one answer to whether a container lives: from its lock, its state and the two processes that this names.
@Suite struct LivenessTable {
    private func word(_ liveness: Liveness) -> String {
        switch liveness {
        case .gone: "gone"
        case .changing: "changing"
        case .supervised: "supervised"
        case .ending: "ending"
        case .orphaned(let isHeld): isHeld ? "orphaned, held" : "orphaned"
        case .damaged: "damaged"
        }
    }

    /// This process is the one that lives.
    private func state(
        _ place: Place, _ status: ContainerState.Status, supervisorLives: Bool, programLives: Bool
    ) -> ContainerState {
        var state = place.deadState(status)
        if supervisorLives {
            state.supervisor = getpid()
            state.supervisorStartTime = ProcessIdentity(of: getpid())?.startTime
        }
        state.pid = programLives ? getpid() : place.dead.pid
        state.pidStartTime = programLives ? ProcessIdentity(of: getpid())?.startTime : place.dead.startTime
        return state
    }

    @Test(arguments: [
        (ContainerState.Status.creating, true, false, "supervised"), (.creating, false, false, "orphaned, held"),
        (.running, true, true, "supervised"), (.running, true, false, "ending"),
        (.running, false, true, "orphaned, held"), (.running, false, false, "orphaned, held"),
        (.restarting, true, false, "supervised"), (.restarting, false, false, "orphaned, held"),
        (.ended, true, false, "supervised"), (.ended, false, false, "orphaned, held"),
    ]) func whileTheLockIsHeld(
        _ status: ContainerState.Status, _ supervisorLives: Bool, _ programLives: Bool, _ wanted: String
    ) throws {
        let place = try Place()
        let id = try place.make(place.definition("box"))
        try place.leave(
            state(place, status, supervisorLives: supervisorLives, programLives: programLives), of: id)
        do {
            let lock = try FileLock.acquire(place.layout.containerLock(id))
            #expect(word(place.host.liveness(of: id)) == wanted)
            lock.release()
        }
        place.waitUntilFree(id)
        // Whoever lives: without the lock it is nobody's.
        #expect(word(place.host.liveness(of: id)) == "orphaned")
    }

    /// A pid that has been given to another process is not the supervisor's.
    @Test func aPidThatIsUsedAgain() throws {
        let place = try Place()
        let id = try place.make(place.definition("box"))
        var state = state(place, .running, supervisorLives: true, programLives: true)
        state.supervisorStartTime = state.supervisorStartTime.map { $0 + 1 }
        try place.leave(state, of: id)
        let lock = try FileLock.acquire(place.layout.containerLock(id))
        #expect(word(place.host.liveness(of: id)) == "orphaned, held")
        lock.release()
    }

    @Test func withoutAState() throws {
        let place = try Place()
        let id = try place.make(place.definition("box"))
        #expect(word(place.host.liveness(of: id)) == "gone")
        try place.leave(nil, of: id)
        #expect(word(place.host.liveness(of: id)) == "orphaned")
        let lock = try FileLock.acquire(place.layout.containerLock(id))
        #expect(word(place.host.liveness(of: id)) == "changing")
        try Files.create(place.layout.containerState(id), Array("{".utf8))
        #expect(word(place.host.liveness(of: id)) == "damaged")
        lock.release()
    }
}
