/// A volume as it was created: a directory that outlives the containers which have it.
package struct VolumeDefinition: Equatable, Sendable {
    package let name: Name
    package let created: Timestamp
    package let labels: [String: String]
    /// Of the driver: `type`, `o`, `device`.
    package let options: [String: String]

    /// Docker's mark of one that nobody has named.
    package static let anonymousLabel = "com.docker.volume.anonymous"
    package static let driver = "local"

    package init(name: Name, created: Timestamp, labels: [String: String], options: [String: String]) {
        self.name = name
        self.created = created
        self.labels = labels
        self.options = options
    }

    /// The one that a container wants.
    package init(_ mount: VolumeMount, created: Timestamp) {
        let mark = mount.isAnonymous ? [Self.anonymousLabel: ""] : [:]
        self.init(
            name: mount.name, created: created, labels: mount.labels.merging(mark) { $1 }, options: mount.options)
    }

    package var isAnonymous: Bool { labels[Self.anonymousLabel] != nil }

    /// The directory of the host's that it stands for (`o=bind`); nil when it has one of its own.
    package var boundDirectory: String? { options["o"] == nil ? nil : options["device"] }
}

extension VolumeDefinition: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        name = try reader.text("name", Name.init)
        created = Timestamp(nanoseconds: try reader.int("created"))
        labels = try reader.value("labels", [String: String].init(json:))
        options = try reader.value("options", [String: String].init(json:))
    }

    package var json: JSON {
        [
            "name": .string(name.text), "created": .int(created.nanoseconds), "labels": labels.json,
            "options": options.json,
        ]
    }
}

/// The driver's options (`-o`, `volume-opt`).
package enum VolumeOptions {
    /// What can be honoured is a directory of the host's: `o=bind,device=/path`. All else is refused.
    package static func check(_ options: [String: String], driver: String) throws(OperationError) {
        guard driver == VolumeDefinition.driver || driver.isEmpty else {
            throw OperationError(
                "error looking up volume plugin \(driver): plugin \"\(driver)\" not found",
                remedy: "use the driver \(VolumeDefinition.driver)", kind: .unsupported)
        }
        for key in options.keys.sorted() where !["type", "o", "device"].contains(key) {
            throw OperationError("invalid option: \"\(key)\"", remedy: "use type, o and device", kind: .invalid)
        }
        if options.isEmpty { return }
        guard let device = options["device"], !device.isEmpty else {
            throw OperationError("missing required option: \"device\"", kind: .invalid)
        }
        let type = options["type"] ?? ""
        let flags = (options["o"] ?? "").split(separator: ",")
        guard ["", "none", "bind"].contains(type), !flags.isEmpty, flags.allSatisfy(Self.binds.contains) else {
            throw OperationError(
                "a volume of type \"\(type)\" with the options \"\(options["o"] ?? "")\" is not supported",
                remedy: "use type=none,o=bind,device=/DIRECTORY; for memory, --tmpfs", kind: .unsupported)
        }
        guard MountTarget.normalized(device) != nil else {
            throw OperationError(
                "invalid device \"\(device)\"", remedy: "use an absolute path without ..", kind: .invalid)
        }
    }

    private static let binds: Set<Substring> = ["bind", "rbind"]
}
