import Core
import Linux
import Records

/// What stays of a run of which nothing else is left.
extension Host {
    /// Writes down how a container ended of which nothing else is left. On a full disk that must not keep it from ending:
    /// it stays in the runtime directory then, until somebody comes by who has the room.
    func recordEnd(of id: ContainerID, _ exit: ContainerExit, _ state: ContainerState) throws(OperationError) {
        do throws(OperationError) {
            try containerStore.write(exit, of: id)
            // It was killed in the moment between.
            if state.started != nil, containerStore.isCreated(id) { try Files.remove(layout.created(id)) }
        } catch {
            var state = state
            state.status = .ended
            state.endpoints = []
            state.cgroups = []
            state.cgroupParents = []
            state.pid = nil
            state.pidStartTime = nil
            state.lastExit = exit
            do throws(OperationError) {
                return try containerStore.write(state, of: id)
            } catch {
                return warn(error.description)
            }
        }
        try containerStore.removeRuntime(id)
    }

    /// Says how a container ended of whose end nothing is on record, as after a reboot. Without that, a start that is killed
    /// would look like a first one, which leaves nothing.
    func recordLoss(of id: ContainerID) throws(OperationError) {
        let isOnRecord = Files.exists(layout.exit(id)) || containerStore.isCreated(id)
        if isOnRecord || Files.exists(layout.containerRuntime(id)) { return }
        let exit = ContainerExit(exitCode: 137, started: nil, finished: .now(), error: Self.lost)
        try containerStore.write(exit, of: id)
    }

    /// An overlay that was mounted as volatile has left a mark that keeps it from being mounted again.
    func clearOverlayMark(of id: ContainerID) throws(OperationError) {
        try Files.removeTree("\(layout.work(id))/work")
    }

    private static let lost = "the host was switched off while it ran"
}
