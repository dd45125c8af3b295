import Core

/// What a `--mount` says of one mount, field by field.
struct MountFields {
    private var type = Kind.volume
    private var source: String?
    private var target: String?
    private var readOnly = false
    private var bind = BindFields()
    private var volume = VolumeFields()
    private var temporary = TemporaryFields()
    /// The first one that only one type has.
    private var own: [Kind: String] = [:]

    private enum Kind: String, CaseIterable {
        case bind, volume, tmpfs
    }

    mutating func add(_ field: String) throws(OperationError) {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let key = parts[0].lowercased()
        guard parts.count == 1 else { return try set(key, to: parts[1], field) }
        guard ["readonly", "ro", "volume-nocopy", "bind-nonrecursive"].contains(key) else {
            throw OperationError("invalid field '\(field)' must be a key=value pair")
        }
        try set(key, to: "true", field)
    }

    private mutating func set(_ key: String, to value: String, _ field: String) throws(OperationError) {
        switch key {
        case "type":
            guard let kind = Kind(rawValue: value.lowercased()) else {
                throw OperationError(
                    "mount type \(value.lowercased()) is not supported: use type=bind, type=volume or type=tmpfs")
            }
            type = kind
        case "source", "src": source = value
        case "target", "dst", "destination": target = value
        case "readonly", "ro": readOnly = try Self.truth(value, of: key)
        // There is no cache between the two sides that could be weaker.
        case "consistency": break
        default: try setOwn(key, to: value, field)
        }
    }

    /// What only one type has begins with the type's name.
    private mutating func setOwn(_ key: String, to value: String, _ field: String) throws(OperationError) {
        let isKnown: Bool
        let kind = Kind(rawValue: String(key.prefix { $0 != "-" }))
        switch kind {
        case .bind: isKnown = try bind.set(key, to: value)
        case .volume: isKnown = try volume.set(key, to: value)
        case .tmpfs: isKnown = try temporary.set(key, to: value)
        case nil: isKnown = false
        }
        guard isKnown, let kind else { throw OperationError("unexpected key '\(key)' in '\(field)'") }
        if own[kind] == nil { own[kind] = key }
    }

    static func truth(_ value: String, of key: String) throws(OperationError) -> Bool {
        guard let isOn = ["true": true, "1": true, "false": false, "0": false][value] else {
            throw OperationError("invalid value for \(key): \(value)")
        }
        return isOn
    }

    func mount(relativeTo directory: () -> String?) throws(OperationError) -> MountValue {
        guard let text = target, !text.isEmpty else { throw OperationError("target is required") }
        guard let target = MountTarget.normalized(text) else {
            throw OperationError("the target must be an absolute path below / without ..")
        }
        for kind in Kind.allCases where kind != type {
            guard let key = own[kind] else { continue }
            throw OperationError("cannot mix '\(key)' with mount type '\(type.rawValue)'")
        }
        switch type {
        case .bind:
            guard let source, !source.isEmpty else { throw OperationError("source is required for type bind") }
            let path = try PathValue.host(source, relativeTo: directory)
            return .bind(bind.mount(path, at: target, readOnly: readOnly))
        case .volume: return .volume(try volume.mount(source ?? "", at: target, readOnly: readOnly))
        case .tmpfs:
            guard source == nil else { throw OperationError("source must not be given for type tmpfs") }
            return .temporary(temporary.mount(at: target, readOnly: readOnly))
        }
    }
}

/// Of a bind alone.
private struct BindFields {
    private var propagation = MountPropagation.privateAll
    private var isRecursive = true

    /// - Returns: whether there is such a field.
    mutating func set(_ key: String, to value: String) throws(OperationError) -> Bool {
        switch key {
        case "bind-propagation":
            guard let propagation = MountPropagation(rawValue: value) else { throw invalid(key, value) }
            self.propagation = propagation
        case "bind-nonrecursive": isRecursive = try !MountFields.truth(value, of: key)
        case "bind-recursive":
            // What is read-only is so with all that is mounted below it.
            guard let isOn = ["enabled": true, "readonly": true, "disabled": false][value] else {
                guard value == "writable" else { throw invalid(key, value) }
                throw OperationError(
                    "bind-recursive=writable is not supported: what is mounted below is read-only, too")
            }
            isRecursive = isOn
        default: return false
        }
        return true
    }

    private func invalid(_ key: String, _ value: String) -> OperationError {
        OperationError("invalid value for \(key): \(value)")
    }

    func mount(_ source: String, at target: String, readOnly: Bool) -> BindMount {
        var mount = BindMount(source: source, target: target, readOnly: readOnly, makesSource: false)
        mount.propagation = propagation
        mount.isRecursive = isRecursive
        return mount
    }
}

/// Of a volume alone.
private struct VolumeFields {
    private var copies = true
    private var subpath: String?
    private var driver = VolumeDefinition.driver
    private var labels: [String: String] = [:]
    private var options: [String: String] = [:]

    /// - Returns: whether there is such a field.
    mutating func set(_ key: String, to value: String) throws(OperationError) -> Bool {
        let (name, setting) = EnvironmentValue.halves(value)
        switch key {
        case "volume-nocopy": copies = try !MountFields.truth(value, of: key)
        case "volume-subpath": subpath = try Self.subpath(value)
        case "volume-driver": driver = value
        case "volume-label": labels[name] = setting
        case "volume-opt": options[name] = setting
        default: return false
        }
        return true
    }

    private static func subpath(_ text: String) throws(OperationError) -> String? {
        if text.isEmpty { return nil }
        guard !text.hasPrefix("/"), let path = MountTarget.normalized("/" + text) else {
            throw OperationError(
                "invalid volume subpath: use a path below the volume's root, without ..", kind: .invalid)
        }
        return String(path.dropFirst())
    }

    /// - Parameter source: a name; empty is a volume that has none.
    func mount(_ source: String, at target: String, readOnly: Bool) throws(OperationError) -> VolumeMount {
        try VolumeOptions.check(options, driver: driver)
        var mount = source.isEmpty ? VolumeMount(anonymousAt: target) : VolumeMount(try Name.volume(source), at: target)
        mount.readOnly = readOnly
        mount.copies = copies
        mount.subpath = subpath
        mount.labels = labels
        mount.options = options
        mount.mode = "z"
        return mount
    }
}

/// Of a file system in memory alone.
private struct TemporaryFields {
    private var size: Int64?
    private var mode: String?

    /// - Returns: whether there is such a field.
    mutating func set(_ key: String, to value: String) throws(OperationError) -> Bool {
        switch key {
        case "tmpfs-size":
            guard let bytes = ByteCount.parse(value) else { throw OperationError("invalid value for \(key): \(value)") }
            size = bytes
        case "tmpfs-mode":
            guard (1...4).contains(value.count), value.allSatisfy({ "01234567".contains($0) }) else {
                throw OperationError("invalid value for \(key): \(value)")
            }
            mode = value
        default: return false
        }
        return true
    }

    func mount(at target: String, readOnly: Bool) -> TemporaryMount {
        let data = [size.map { "size=\($0)" }, mode.map { "mode=\($0)" }].compactMap { $0 }
        return TemporaryMount(
            target: target, data: data.joined(separator: ","), isExecutable: false, readOnly: readOnly)
    }
}
