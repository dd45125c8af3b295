/// One volume that a container sees at `target`.
package struct VolumeMount: Equatable, Sendable {
    package private(set) var name: Name
    /// Absolute, in the container, normalized.
    package let target: String
    package var readOnly = false
    /// What the image has at `target` is copied into the volume while that is empty.
    package var copies = true
    /// A directory of the volume's, below its root; nil is all of it.
    package var subpath: String?
    /// Nobody has named it: it goes with the last container that has it.
    package var isAnonymous = false
    /// As `inspect` shows it.
    package var mode = ""
    /// The volume's own, if it is not there yet.
    package var labels: [String: String] = [:]
    package var options: [String: String] = [:]

    package init(_ name: Name, at target: String) {
        self.name = name
        self.target = target
    }

    /// A volume of its own, whose name says nothing.
    package init(anonymousAt target: String) {
        self.init(Name(ContainerID.random()), at: target)
        isAnonymous = true
    }

    /// Another volume in the same place.
    package func renamed(_ name: Name) -> VolumeMount {
        var volume = self
        volume.name = name
        return volume
    }

    /// Reads `NAME:CONTAINER[:OPTIONS]` and `CONTAINER`.
    package init(parsing text: String) throws(OperationError) {
        let parts = try VolumeSpecification(parsing: text)
        if let source = parts.source {
            self.init(try Name.volume(source), at: parts.target)
            // Docker's mode of a volume that has none.
            mode = parts.mode.text.isEmpty ? "z" : parts.mode.text
        } else {
            self.init(anonymousAt: parts.target)
        }
        guard parts.mode.propagation == nil else {
            throw VolumeSpecification.invalid(text, "propagation is for paths of the host, and not for volumes")
        }
        readOnly = parts.mode.readOnly
        copies = parts.mode.copies
    }
}

extension VolumeMount: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(try reader.text("name", Name.init), at: try reader.string("target"))
        readOnly = try reader.bool("readOnly")
        copies = try reader.bool("copies")
        subpath = try reader.optional("subpath", \.string)
        isAnonymous = try reader.bool("anonymous")
        mode = try reader.string("mode")
        labels = try reader.value("labels", [String: String].init(json:))
        options = try reader.value("options", [String: String].init(json:))
    }

    package var json: JSON {
        [
            "name": .string(name.text), "target": .string(target), "readOnly": .bool(readOnly),
            "copies": .bool(copies), "subpath": .optional(subpath), "anonymous": .bool(isAnonymous),
            "mode": .string(mode), "labels": labels.json, "options": options.json,
        ]
    }
}

extension Name {
    /// Its digits.
    init(_ id: ContainerID) { text = id.hex }
}
