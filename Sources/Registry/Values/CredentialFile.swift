import Core

/// `~/.docker/config.json`, and `auth.json` of podman and skopeo, which has the same form.
package struct CredentialFile: Sendable {
    /// Docker's own registry goes by this name since its first version.
    package static let dockerKey = "https://index.docker.io/v1/"

    /// All of it, also what others have put there.
    package private(set) var json: JSON

    package init() { json = [:] }

    package init(parsing bytes: [UInt8]) throws(RecordError) {
        do {
            json = bytes.allSatisfy { $0 <= 0x20 } ? [:] : try JSON(parsing: bytes)
        } catch {
            throw RecordError("\(error)")
        }
        guard json.members != nil else { throw RecordError("it is not an object") }
        for key in ["auths", "credHelpers", "HttpHeaders"] {
            guard let member = json[key], !member.isNull else { continue }
            guard member.members != nil else { throw RecordError("\(key) is not an object") }
        }
    }

    /// Which program keeps the credentials of a registry; nil: this file does.
    package func helper(for registry: String) -> String? {
        for key in Self.keys(of: registry) {
            if let name = json["credHelpers"]?[key]?.string, !name.isEmpty { return name }
        }
        return json["credsStore"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What every registry is to be sent.
    package var headers: [(name: String, value: String)] {
        (json["HttpHeaders"]?.members ?? []).compactMap { key, value in value.string.map { (key, $0) } }
    }

    /// - Parameter repository: podman keeps credentials for parts of a registry, too: the longest one counts.
    package func credentials(for registry: String, repository: String = "") throws(RecordError) -> Credentials? {
        guard let auths = json["auths"]?.members else { return nil }
        var path = repository.isEmpty ? registry : "\(registry)/\(repository)"
        while path.count > registry.count {
            if let entry = auths.first(where: { $0.key == path }), let found = try Self.read(entry.value, path) {
                return found
            }
            path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        }
        let keys = Self.keys(of: registry)
        for entry in auths where keys.contains(Self.host(of: entry.key)) {
            if let found = try Self.read(entry.value, entry.key) { return found }
        }
        return nil
    }

    private static func read(_ entry: JSON, _ key: String) throws(RecordError) -> Credentials? {
        if let token = entry["identitytoken"]?.string, !token.isEmpty { return .identityToken(token) }
        if let user = entry["username"]?.string, let password = entry["password"]?.string, !user.isEmpty {
            return .password(user: user, password: password)
        }
        guard let auth = entry["auth"]?.string, !auth.isEmpty else { return nil }
        // What Docker writes may end with zero bytes.
        guard let bytes = Base64Text.decoded(auth),
            let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self), let colon = text.firstIndex(of: ":")
        else { throw RecordError("auths.\(key).auth is not valid") }
        return .password(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    }

    /// All names that a registry goes by.
    private static func keys(of registry: String) -> [String] {
        registry == Reference.dockerRegistry
            ? [dockerKey, "index.docker.io", "docker.io", "registry-1.docker.io"] : [registry]
    }

    /// Keys were URLs once.
    private static func host(of key: String) -> String {
        for scheme in ["https://", "http://"] where key.hasPrefix(scheme) {
            return String(key.dropFirst(scheme.count).prefix { $0 != "/" })
        }
        return key
    }

    /// The key under which `login` writes.
    package static func key(of registry: String) -> String {
        registry == Reference.dockerRegistry ? dockerKey : registry
    }
}

// MARK: - Changing

extension CredentialFile {
    /// - Parameter credentials: nil when a helper has them.
    package mutating func set(_ credentials: Credentials?, for registry: String) {
        var entry: JSON = [:]
        switch credentials {
        case .password(let user, let password):
            entry = ["auth": .string(Base64Text.encoded("\(user):\(password)".utf8))]
        case .identityToken(let token): entry = ["identitytoken": .string(token)]
        case nil: break
        }
        let key = Self.key(of: registry)
        change("auths") { $0.filter { $0.key != key } + [(key, entry)] }
    }

    /// - Returns: whether there was anything.
    package mutating func remove(_ registry: String) -> Bool {
        let keys = Self.keys(of: registry)
        var isFound = false
        change("auths") { members in
            members.filter { member in
                let goes = keys.contains(member.key) || keys.contains(Self.host(of: member.key))
                isFound = isFound || goes
                return !goes
            }
        }
        return isFound
    }

    private typealias Members = [(key: String, value: JSON)]

    private mutating func change(_ name: String, _ edit: ([(key: String, value: JSON)]) -> [(key: String, value: JSON)])
    {
        let changed = JSON.object(edit(json[name]?.members ?? []))
        var members = json.members ?? []
        if let index = members.firstIndex(where: { $0.key == name }) {
            members[index].value = changed
        } else {
            members.append((name, changed))
        }
        json = .object(members)
    }
}
