import Core
import Records

/// What a run has to tell, as its supervisor notes it.
extension ContainerRun {
    /// Told with the next `announceNoted`: what comes together costs what one costs.
    package func note(_ action: String, at time: Timestamp = .now()) {
        noted.append(.of(definition, action, at: time))
    }

    /// Tells at once what happens while the program runs.
    package func announce(_ action: String) { host.announce(.of(currentDefinition, action)) }

    func announceNoted() {
        host.announce(noted)
        noted = []
    }

    func noteNetworks(_ action: String) {
        for endpoint in state.endpoints { noted.append(.of(endpoint, of: id, action)) }
    }
}
