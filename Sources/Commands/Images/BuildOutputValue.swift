import Core
import Engine

/// What `--output` says, field by field.
struct BuildOutputValue {
    private(set) var type: String?
    private(set) var destination: String?
    private(set) var names: [String] = []
    private(set) var pushes = false
    private var compression: SavedCompression.Kind?
    private var isForced = false

    init(parsing text: String) throws(OperationError) {
        for (key, value) in try BuildValues.fields(text) { try set(key, value) }
        if type == "registry" { pushes = true }
        guard names.isEmpty || type != "local" && type != "tar" else {
            throw OperationError("name of --output type=\(type ?? "") is not supported", kind: .unsupported)
        }
        try checkCompression()
    }

    private mutating func set(_ key: String, _ value: String?) throws(OperationError) {
        switch key {
        case "type": type = value
        case "dest": destination = value
        case "push": pushes = try Self.truth(key, value) || pushes
        case "name" where !(value ?? "").isEmpty: names += (value ?? "").split(separator: ",").map(String.init)
        case "compression": compression = try Self.compression(value ?? "")
        case "force-compression": isForced = try Self.truth(key, value)
        default:
            if !Self.isDoneAnyway(key, value) { throw Self.refusal(of: key, value) }
        }
    }

    private static func truth(_ key: String, _ value: String?) throws(OperationError) -> Bool {
        guard let truth = value.map(Boolean.read) ?? true else {
            throw OperationError("invalid value \(JSON.quoted(value ?? "")) of \(key)", kind: .invalid)
        }
        return truth
    }

    private static func compression(_ text: String) throws(OperationError) -> SavedCompression.Kind {
        if let kind = SavedCompression.Kind(rawValue: text) { return kind }
        let kinds = SavedCompression.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw OperationError("compression=\(text) of --output is not supported: there are \(kinds)", kind: .unsupported)
    }

    private static func isDoneAnyway(_ key: String, _ value: String?) -> Bool {
        let truth: Bool? = value.map(Boolean.read) ?? true
        switch key {
        case "tar", "unpack", "store", "oci-mediatypes": return truth == true
        case "platform-split": return truth == false
        default: return false
        }
    }

    private static func refusal(of key: String, _ value: String?) -> OperationError {
        let written = value.map { "\(key)=\($0)" } ?? key
        return OperationError(
            "\(written) of --output is not supported: there are type, dest, name, push, compression and force-compression, "
                + "and what is done anyway, which is tar=true, platform-split=false, unpack=true, store=true and "
                + "oci-mediatypes=true",
            kind: .unsupported)
    }

    /// Of what is no archive of an image, what is done anyway: layers are made uncompressed, and pushed with gzip.
    private func checkCompression() throws(OperationError) {
        if type == "oci" || type == "docker" && destination != nil { return }
        let usual: SavedCompression.Kind = pushes ? .gzip : .uncompressed
        guard isForced || compression.map({ $0 != usual }) ?? false else { return }
        let written = isForced ? "force-compression" : "compression=\(compression?.rawValue ?? "")"
        throw OperationError(
            "\(written) of --output is not supported "
                + (pushes ? "where an image is pushed, which is done with gzip" : "for type=\(type ?? "")"),
            remedy: "write an archive: type=oci,dest=FILE", kind: .unsupported)
    }

    /// Forced alone it is gzip, as with buildx.
    private var savedCompression: SavedCompression? {
        compression == nil && !isForced ? nil : SavedCompression(compression ?? .gzip, isForced: isForced)
    }

    /// Nil is the store: `type=image`, `type=registry`, and `type=docker` without a place.
    func output() throws(OperationError) -> BuildRequest.Output? {
        switch (type, destination) {
        case ("local", let path?): return .directory(path)
        case ("tar", let path): return .archive(path == "-" ? nil : path)
        case ("local", nil): throw OperationError("dest is required for type local", kind: .invalid)
        case ("image", nil), ("docker", nil), ("registry", nil): return nil
        case ("docker", let path?): return .image(.docker, path == "-" ? nil : path, savedCompression)
        case ("oci", let path): return .image(.oci, path == "-" ? nil : path, savedCompression)
        default:
            throw OperationError(
                "output type \(type ?? "none") is not supported", remedy: "use local, tar, docker, oci or registry",
                kind: .unsupported)
        }
    }
}

extension BuildValues {
    /// `DIRECTORY`, `-`, or `type=local|tar|docker|oci,dest=PATH`; nil is the store.
    /// - Parameter request: `type=registry`, and `push=true`, set that it pushes; `name=` is a tag, or several.
    static func output(_ text: String, _ request: inout BuildRequest) throws(OperationError) -> BuildRequest.Output? {
        if text == "-" { return .archive(nil) }
        guard text.contains("=") else { return .directory(text) }
        let value = try BuildOutputValue(parsing: text)
        request.pushes = request.pushes || value.pushes
        request.tags += value.names
        return try value.output()
    }
}
