import Core
import Records

extension Host {
    /// Tells those who follow `events`, now or later. It never fails, and waits for nobody.
    package func announce(_ events: Event...) { announce(events) }
    package func announce(_ events: [Event]) { EventLog(layout.events).append(events) }

    /// The same of a container whose definition is not at hand.
    package func announce(_ action: String, of id: ContainerID, _ more: [String: String] = [:]) {
        guard let definition = (try? containerStore.definition(id)) ?? nil else { return }
        announce(.of(definition, action, more))
    }
}
