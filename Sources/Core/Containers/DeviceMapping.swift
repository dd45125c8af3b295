/// One `--device`: a device of the host's, or all that are in a directory, which the container may open at `target`.
package struct DeviceMapping: Equatable, Sendable {
    /// Absolute, on the host.
    package let source: String
    /// Absolute, in the container, normalized.
    package let target: String
    /// Some of `r`, `w` and `m`, each once.
    package let permissions: String

    package init(source: String, target: String, permissions: String) {
        self.source = source
        self.target = target
        self.permissions = permissions
    }

    /// Reads `HOST[:CONTAINER][:PERMISSIONS]`.
    package init(parsing text: String) throws(OperationError) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts[0].isEmpty else {
            throw OperationError("bad format for path: \(text)")
        }
        var permissions = "rwm"
        if parts.count == 3 || (parts.count == 2 && Self.arePermissions(parts[1])) {
            permissions = parts.removeLast()
            guard Self.arePermissions(permissions) else {
                throw OperationError("bad mode specified: \(permissions)", remedy: "use some of r, w and m")
            }
        }
        for path in parts where !path.hasPrefix("/") { throw OperationError("\(path) is not an absolute path") }
        guard let source = MountTarget.normalized(parts[0]), let target = MountTarget.normalized(parts.last ?? "")
        else {
            throw OperationError("bad format for path: \(text)")
        }
        self.init(source: source, target: target, permissions: permissions)
    }

    private static func arePermissions(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { "rwm".contains($0) } && Set(text).count == text.count
    }

    package var reads: Bool { permissions.contains("r") }
    package var writes: Bool { permissions.contains("w") }
}

extension DeviceMapping: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            source: try reader.string("source"), target: try reader.string("target"),
            permissions: try reader.string("permissions"))
    }
    package var json: JSON {
        ["source": .string(source), "target": .string(target), "permissions": .string(permissions)]
    }
}

extension ContainerDefinition {
    /// Whether nodes open devices wherever they lie: a device cgroup alone says which ones.
    package var mayOpenNodes: Bool { privileged || !kernel.deviceRules.isEmpty }

    /// Whether only a device cgroup keeps it from devices that were not named for it. Mounts do that by `nodev`, which
    /// does not see whether a device is opened for reading or for writing. Who may mount takes it off again, and
    /// open_by_handle_at(2) finds the neighbours of a device that was named.
    package var needsDeviceCgroup: Bool {
        if privileged { return false }
        // What the host mounts later is as the host mounts it.
        if binds.contains(where: { !$0.propagation.isPrivate }) { return true }
        return mayOpenNodes || capabilities.contains("SYS_ADMIN") || devices.contains { !$0.reads || !$0.writes }
            || (capabilities.contains("DAC_READ_SEARCH") && (capabilities.contains("MKNOD") || !devices.isEmpty))
    }
}
