import Core

/// What a run does when its networks move to another firewall (`Networks/MoveRules.swift`).
extension ContainerRun {
    /// Before an endpoint publishes something.
    func noteFirewall(of index: Int) {
        guard state.endpoints[index].publishes else { return }
        if let backend = host.firewallMovedTo(by: state.endpoints[index]) { state.endpoints[index].firewall = backend }
    }

    /// Once the container is on record as running: a move that did not find it there was on record itself before that.
    func followMoves() throws(OperationError) {
        for index in state.endpoints.indices where state.endpoints[index].publishes {
            while try host.follow(&state.endpoints[index]) { try host.containerStore.write(state, of: id) }
        }
    }
}
