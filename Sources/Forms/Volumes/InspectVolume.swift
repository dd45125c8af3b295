import Core

extension VolumeDetails {
    /// The form of `docker volume inspect`.
    package var inspected: JSON {
        [
            "CreatedAt": .string(definition.created.wholeSeconds), "Driver": .string(VolumeDefinition.driver),
            "Labels": Self.map(definition.labels), "Mountpoint": .string(directory),
            "Name": .string(definition.name.text), "Options": Self.map(definition.options), "Scope": "local",
        ]
    }

    /// The volume in the words of `volume ls`.
    package var row: Row {
        let fields: JSON = [
            "Availability": "N/A", "Driver": .string(VolumeDefinition.driver), "Group": "N/A",
            "Labels": .string(HumanText.labels(definition.labels)), "Links": "N/A", "Mountpoint": .string(directory),
            "Name": .string(definition.name.text), "Scope": "local", "Size": "N/A", "Status": "N/A",
        ]
        return Row(fields: fields, labels: definition.labels)
    }

    /// Docker's is null while it is empty.
    private static func map(_ texts: [String: String]) -> JSON { texts.isEmpty ? .null : texts.json }
}

extension Timestamp {
    /// `2026-01-31T12:00:00Z`
    fileprivate var wholeSeconds: String { String(description.prefix { $0 != "." }) + "Z" }
}
