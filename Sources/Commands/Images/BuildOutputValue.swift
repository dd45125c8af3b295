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

    /// - Parameter text: fields, or `DIRECTORY`, or `-`, which is an archive at standard output.
    init(parsing text: String) throws(OperationError) {
        if text == "-" {
            (type, destination) = ("tar", text)
        } else if !text.contains("=") {
            (type, destination) = ("local", text)
        } else {
            for (key, value) in try BuildValues.fields(text) { try set(key, value) }
        }
        if type == "registry" { pushes = true }
        guard names.isEmpty || type != "local" && type != "tar" else {
            throw OperationError("name of --output type=\(type ?? "") is not supported", kind: .unsupported)
        }
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

    private var isOfStore: Bool { destination == nil && ["image", "docker", "registry"].contains(type) }

    /// Of what is no archive of an image, what is done anyway: layers are made uncompressed, and pushed with gzip.
    /// - Parameter isPushed: what is made goes to a registry, whoever says so.
    func checkCompression(isPushed: Bool) throws(OperationError) {
        if type == "oci" || type == "docker" && destination != nil { return }
        let isPushed = isPushed && isOfStore
        let usual: SavedCompression.Kind = isPushed ? .gzip : .uncompressed
        guard isForced || compression.map({ $0 != usual }) ?? false else { return }
        let written = isForced ? "force-compression" : "compression=\(compression?.rawValue ?? "")"
        throw OperationError(
            "\(written) of --output is not supported "
                + (isPushed ? "where an image is pushed, which is done with gzip" : "for type=\(type ?? "")"),
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
        case ("cacheonly", nil): return .nothing
        case ("cacheonly", _?): throw OperationError("dest is not possible for type cacheonly", kind: .invalid)
        case ("image", nil), ("docker", nil), ("registry", nil): return nil
        case ("docker", let path?): return .image(.docker, path == "-" ? nil : path, savedCompression)
        case ("oci", let path): return .image(.oci, path == "-" ? nil : path, savedCompression)
        default:
            throw OperationError(
                "output type \(type ?? "none") is not supported",
                remedy: "use local, tar, docker, oci, registry or cacheonly",
                kind: .unsupported)
        }
    }
}

extension BuildValues {
    /// - Parameter request: gets them but for the store. `type=registry`, and `push=true`, set that it pushes; `name=` is a tag, or
    ///   several.
    static func setOutputs(_ texts: [String], of request: inout BuildRequest) throws(OperationError) {
        let values = try texts.map { text throws(OperationError) in try BuildOutputValue(parsing: text) }
        request.pushes = request.pushes || values.contains(where: \.pushes)
        for value in values {
            try value.checkCompression(isPushed: request.pushes)
            request.tags += value.names
            if let output = try value.output() { request.outputs.append(output) }
        }
    }
}
