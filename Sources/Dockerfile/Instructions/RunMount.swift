import Core

/// `RUN --mount=type=…,…`: what is there for one RUN alone.
package struct RunMount: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable { case bind, cache, tmpfs, secret, ssh }
    package enum Sharing: String, Equatable, Sendable { case shared, `private`, locked }

    package var kind = Kind.bind
    /// Where it is seen; nil for a secret or an agent, whose place is the usual one.
    package var target: String?
    /// Below `from`, or the context.
    package var source: String?
    /// A stage or an image.
    package var from: String?
    package var id: String?
    /// Nil is what the kind has usually.
    package var isReadOnly: Bool?
    package var sharing = Sharing.shared
    /// Bytes; nil is no limit.
    package var size: String?
    /// Octal.
    package var mode: String?
    package var owner: String?
    package var group: String?
    package var isRequired = false
    /// The variable that a secret is in, beside or instead of its file.
    package var variable: String?
    /// Values have variables in them: they are checked when those are known.
    private let written: [(key: String, value: String)]

    package static func == (left: RunMount, right: RunMount) -> Bool {
        left.written.elementsEqual(right.written) { $0 == $1 }
    }

    /// - Parameter text: what stands behind `--mount=`.
    init(_ text: String) throws(DockerfileError) {
        var written: [(key: String, value: String)] = []
        let fields: [String]
        do throws(OperationError) { fields = try CommaFields.split(text) } catch {
            throw DockerfileError(error.description)
        }
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            written.append((parts[0].lowercased(), parts.count > 1 ? String(parts[1]) : ""))
        }
        self.written = written
        try take { text throws(DockerfileError) in text }
    }

    /// The same with the values of variables.
    func expanded(_ expand: (String) throws(DockerfileError) -> String) throws(DockerfileError) -> RunMount {
        var mount = self
        try mount.take(expand)
        try mount.check()
        return mount
    }

    private mutating func take(_ expand: (String) throws(DockerfileError) -> String) throws(DockerfileError) {
        for (key, text) in written {
            if key == "from", text.contains("$") {
                throw DockerfileError("'from' doesn't support variable expansion, define alias stage instead")
            }
            try take(key, expand(text), text)
        }
    }

    private mutating func take(_ key: String, _ value: String, _ written: String) throws(DockerfileError) {
        switch key {
        case "type": kind = try choice(Kind.init, value, written, "type", usual: kind)
        case "target", "dst", "destination": target = value
        case "source", "src": source = value
        case "from": from = value
        case "id": id = value
        case "sharing": sharing = try choice(Sharing.init, value, written, "sharing mode", usual: sharing)
        case "size":
            if !written.contains("$") { try Self.checkSize(value) }
            size = value
        case "mode": mode = value
        case "uid": owner = value
        case "gid": group = value
        case "env": variable = value
        case "required": isRequired = try Flags.bool(value, "required", whenMissing: true)
        case "readonly", "ro": isReadOnly = try Flags.bool(value, key, whenMissing: true)
        case "readwrite", "rw": isReadOnly = try !Flags.bool(value, key, whenMissing: true)
        default: throw DockerfileError("unexpected key '\(key)' in '\(key)=\(written)'")
        }
    }

    private func choice<Value>(
        _ make: (String) -> Value?, _ value: String, _ written: String, _ what: String, usual: Value
    ) throws(DockerfileError) -> Value {
        if let made = make(value.lowercased()) { return made }
        if value == written, written.contains("$") { return usual }
        throw DockerfileError("unsupported mount \(what) \"\(value)\"")
    }

    private func check() throws(DockerfileError) {
        guard target?.isEmpty == false || kind == .secret || kind == .ssh else {
            throw DockerfileError("target for --mount=type=\(kind.rawValue) is required")
        }
        let text = mode ?? "0"
        guard UInt32(text, radix: 8).map({ $0 <= 0o7777 }) ?? false else {
            throw DockerfileError("invalid value \(text) for mode")
        }
        for (name, value) in [("uid", owner), ("gid", group)] where value != nil && value.flatMap(UInt32.init) == nil {
            throw DockerfileError("invalid value \(value ?? "") for \(name)")
        }
        guard size == nil || kind == .tmpfs else {
            throw DockerfileError("unexpected key 'size' for mount type '\(kind.rawValue)'")
        }
        if let size { try Self.checkSize(size) }
    }

    private static func checkSize(_ text: String) throws(DockerfileError) {
        guard ByteCount.parse(text) != nil else { throw DockerfileError("invalid value for size: \(text)") }
    }
}
