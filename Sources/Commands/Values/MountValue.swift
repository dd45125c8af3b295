import Core
import Glibc

/// A `--mount`: what `-v` and `--tmpfs` do, in a form in which nothing is made or guessed.
package enum MountValue: Equatable {
    case bind(BindMount)
    case temporary(TemporaryMount)

    /// Reads `type=bind|tmpfs,source=…,target=…,readonly,…`, fields as in a line of CSV.
    package init(
        parsing text: String, relativeTo directory: () -> String? = PathValue.currentDirectory
    ) throws(OperationError) {
        var fields = Fields()
        for field in try Self.split(text) { try fields.add(field) }
        self = try fields.mount(relativeTo: directory)
    }

    /// A field with a comma in it stands in quotes; two quotes are one then.
    private static func split(_ text: String) throws(OperationError) -> [String] {
        var fields = [""]
        var isQuoted = false
        var rest = Substring(text)
        while let character = rest.popFirst() {
            let last = fields.count - 1
            switch character {
            case "\"" where isQuoted && rest.first == "\"": fields[last].append(rest.removeFirst())
            case "\"" where isQuoted || fields[last].isEmpty: isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[last].append(character)
            }
        }
        guard !isQuoted else { throw OperationError("a quote is not closed") }
        return fields
    }
}

/// What was said of one mount.
private struct Fields {
    private var type: String?
    private var source: String?
    private var target: String?
    private var readOnly = false
    private var size: Int64?
    private var mode: String?
    /// The first one that only the other type has.
    private var temporaryOnly: String?

    mutating func add(_ field: String) throws(OperationError) {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let key = parts[0].lowercased()
        if parts.count == 1 {
            guard key == "readonly" || key == "ro" else {
                throw OperationError("invalid field '\(field)' must be a key=value pair")
            }
            readOnly = true
            return
        }
        try set(key, to: parts[1], field)
    }

    private mutating func set(_ key: String, to value: String, _ field: String) throws(OperationError) {
        switch key {
        case "type": type = value.lowercased()
        case "source", "src": source = value
        case "target", "dst", "destination": target = value
        case "readonly", "ro":
            guard let isOn = ["true": true, "1": true, "false": false, "0": false][value] else {
                throw OperationError("invalid value for \(key): \(value)")
            }
            readOnly = isOn
        case "tmpfs-size":
            guard let bytes = ByteCount.parse(value) else { throw OperationError("invalid value for \(key): \(value)") }
            (size, temporaryOnly) = (bytes, key)
        case "tmpfs-mode":
            guard (1...4).contains(value.count), value.allSatisfy({ "01234567".contains($0) }) else {
                throw OperationError("invalid value for \(key): \(value)")
            }
            (mode, temporaryOnly) = (value, key)
        // There is no cache between the two sides that could be weaker.
        case "consistency": break
        case "bind-propagation" where value == "rprivate": break
        case "bind-propagation", "bind-nonrecursive", "bind-recursive":
            throw OperationError("'\(key)' is not supported: a bind has all that is mounted below it, and is private")
        default: throw OperationError("unexpected key '\(key)' in '\(field)'")
        }
    }

    func mount(relativeTo directory: () -> String?) throws(OperationError) -> MountValue {
        guard let text = target, !text.isEmpty else { throw OperationError("target is required") }
        guard let target = MountTarget.normalized(text) else {
            throw OperationError("the target must be an absolute path below / without ..")
        }
        switch type {
        case "bind":
            if let temporaryOnly { throw OperationError("cannot mix '\(temporaryOnly)' with mount type 'bind'") }
            guard let source, !source.isEmpty else { throw OperationError("source is required for type bind") }
            return .bind(
                BindMount(
                    source: try PathValue.host(source, relativeTo: directory), target: target, readOnly: readOnly,
                    makesSource: false))
        case "tmpfs":
            guard source == nil else { throw OperationError("source must not be given for type tmpfs") }
            let data = [size.map { "size=\($0)" }, mode.map { "mode=\($0)" }].compactMap { $0 }
            return .temporary(
                TemporaryMount(
                    target: target, data: data.joined(separator: ","), isExecutable: false, readOnly: readOnly))
        case nil, "volume":
            throw OperationError("named volumes are not supported: use type=bind or type=tmpfs")
        case let type?: throw OperationError("mount type \(type) is not supported: use type=bind or type=tmpfs")
        }
    }
}
