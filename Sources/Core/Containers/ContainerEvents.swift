extension Event {
    /// What Docker tells of a container besides: its image, name and labels.
    package static func of(
        _ definition: ContainerDefinition, _ action: String, _ more: [String: String] = [:], at time: Timestamp = .now()
    ) -> Event {
        var attributes = definition.labels
        attributes["image"] = definition.image
        attributes["name"] = definition.name.text
        return Event(
            .container, action, definition.id.hex, attributes.merging(more) { _, new in new }, at: time)
    }

    /// A container joins or leaves a network.
    package static func of(_ endpoint: Endpoint, of container: ContainerID, _ action: String) -> Event {
        Event(
            .network, action, endpoint.networkID.hex,
            ["container": container.hex, "name": endpoint.network.text, "type": endpoint.driver])
    }

    /// How its program has ended.
    package static func end(of definition: ContainerDefinition, _ exit: ContainerExit) -> [Event] {
        var more = ["exitCode": String(exit.exitCode)]
        if let started = exit.started {
            more["execDuration"] = String(max(0, exit.finished.nanoseconds(since: started) / 1_000_000_000))
        }
        let die = Event.of(definition, "die", more, at: exit.finished)
        return exit.oomKilled ? [.of(definition, "oom", at: exit.finished), die] : [die]
    }
}

extension NetworkDefinition {
    package func event(_ action: String) -> Event {
        Event(.network, action, id.hex, ["name": name.text, "type": driver])
    }
}
