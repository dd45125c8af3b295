/// One `-v`, or one `--mount` of type bind: a host directory or file that the container sees at `target`.
package struct BindMount: Equatable, Sendable {
    /// Absolute, on the host.
    package let source: String
    /// Absolute, in the container, normalized.
    package let target: String
    package var readOnly: Bool
    /// Whether a directory is made where there is no source.
    package let makesSource: Bool
    package var propagation = MountPropagation.privateAll
    /// With all that is mounted below the source.
    package var isRecursive = true

    package init(source: String, target: String, readOnly: Bool, makesSource: Bool = true) {
        self.source = source
        self.target = target
        self.readOnly = readOnly
        self.makesSource = makesSource
    }

    /// Reads `HOST:CONTAINER[:OPTIONS]`, options being `ro`, `rw`, `z`, `Z`, `rprivate`, …, comma-separated.
    package init(parsing text: String) throws(OperationError) {
        let parts = try VolumeSpecification(parsing: text)
        guard let source = parts.source, source.hasPrefix("/") else {
            throw VolumeSpecification.invalid(text, "the host path must be absolute")
        }
        guard parts.mode.copies else { throw VolumeSpecification.invalid(text, "nocopy is for volumes") }
        self.init(source: source, target: parts.target, readOnly: parts.mode.readOnly)
        propagation = parts.mode.propagation ?? .privateAll
    }
}

extension BindMount: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            source: try reader.string("source"), target: try reader.string("target"),
            readOnly: try reader.bool("readOnly"), makesSource: try reader.optional("makesSource", \.bool) ?? true)
        // Records of before there was a choice lack these.
        propagation = try reader.optionalText("propagation", MountPropagation.init(rawValue:)) ?? .privateAll
        isRecursive = try reader.optional("recursive", \.bool) ?? true
    }

    package var json: JSON {
        [
            "source": .string(source), "target": .string(target), "readOnly": .bool(readOnly),
            "makesSource": .bool(makesSource), "propagation": .string(propagation.rawValue),
            "recursive": .bool(isRecursive),
        ]
    }
}

/// What becomes of mounts that are made below a bind later, on either side (mount_namespaces(7)). The forms with and without
/// `r` do the same: they hold for all that is mounted below.
package enum MountPropagation: String, Sendable, CaseIterable {
    case privateAll = "rprivate"
    case privateTop = "private"
    case slaveAll = "rslave"
    case slaveTop = "slave"
    case sharedAll = "rshared"
    case sharedTop = "shared"

    /// Nothing that is mounted on one side is seen on the other.
    package var isPrivate: Bool { self == .privateAll || self == .privateTop }
    /// What the container mounts there, the host sees as well.
    package var isShared: Bool { self == .sharedAll || self == .sharedTop }
}
