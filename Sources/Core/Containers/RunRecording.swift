/// A run as `--record` writes it down, for `--replay` to repeat: here, or on another host that has the image.
package struct RunRecording: Equatable, Sendable {
    package var definition: ContainerDefinition
    /// Names that nobody has asked for, and that another container does not get.
    package var isNameGenerated: Bool
    package var isHostnameGenerated: Bool
    /// Those that the container is on, but for the predefined one.
    package var networks: [NetworkDefinition]

    package init(
        _ definition: ContainerDefinition, isNameGenerated: Bool, isHostnameGenerated: Bool,
        networks: [NetworkDefinition]
    ) {
        self.definition = definition
        self.isNameGenerated = isNameGenerated
        self.isHostnameGenerated = isHostnameGenerated
        self.networks = networks
    }

    /// The same as another container.
    /// - Parameter hostname: what it is called where nobody has asked for a name.
    package func repeated(
        id: ContainerID, name: Name, hostname: String, created: Timestamp
    ) -> ContainerDefinition {
        var definition = definition
        definition.id = id
        definition.name = name
        definition.created = created
        definition.volumes = definition.volumes.map { $0.isAnonymous ? $0.renamed(Name(ContainerID.random())) : $0 }
        guard isHostnameGenerated else { return definition }
        definition.hostname = hostname
        if definition.asked.environmentAdded.contains("HOSTNAME") {
            definition.environment = definition.environment.map {
                $0.hasPrefix("HOSTNAME=") ? "HOSTNAME=" + hostname : $0
            }
        }
        return definition
    }
}

extension RunRecording: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            try reader.object("container", ContainerDefinition.init),
            isNameGenerated: try reader.bool("nameGenerated"),
            isHostnameGenerated: try reader.bool("hostnameGenerated"),
            networks: try reader.objects("networks", NetworkDefinition.init))
        guard !definition.arguments.isEmpty else { throw RecordError("container.arguments is empty") }
    }

    package var json: JSON {
        [
            "nameGenerated": .bool(isNameGenerated), "hostnameGenerated": .bool(isHostnameGenerated),
            "networks": .array(networks.map(\.json)),
            "container": definition.json.versioned(ContainerDefinition.version),
        ]
    }
}
