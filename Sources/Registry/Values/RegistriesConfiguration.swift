import Core
import Transfer

/// `registries.conf` (containers-registries.conf(5), version 2): where images of a name come from.
package struct RegistriesConfiguration: Equatable, Sendable {
    package struct Mirror: Equatable, Sendable {
        package enum Use: String, Sendable {
            case all
            case digests = "digest-only"
            case tags = "tag-only"
        }
        /// `HOST[:PORT][/PATH]`.
        package var location: String
        package var isInsecure = false
        package var use = Use.all
    }

    package struct Registry: Equatable, Sendable {
        /// `HOST[:PORT][/PATH]`, or `*.DOMAIN`.
        package var prefix: String
        package var location: String
        package var isInsecure = false
        package var isBlocked = false
        package var mirrors: [Mirror] = []
    }

    /// Where short names are looked for, in this order; empty: Docker's registry.
    package private(set) var searched: [String] = []
    package private(set) var registries: [Registry] = []
    /// Short names and what they stand for.
    package private(set) var aliases: [String: String] = [:]

    package init() {}

    /// Adds what a further file says; what is named twice is as the later one has it.
    package mutating func add(_ json: JSON) throws(RecordError) {
        try Self.check(json, Self.topKeys, "")
        let reader = try RecordReader(json)
        if let searched = try reader.optional("unqualified-search-registries", \.strings) {
            for name in searched where !Self.isLocation(name) {
                throw RecordError("unqualified-search-registries has \(JSON.quoted(name)), which is no registry")
            }
            self.searched = searched
        }
        for table in try reader.optional("registry", \.array) ?? [] {
            let registry = try Self.registry(table)
            registries.removeAll { $0.prefix == registry.prefix }
            registries.append(registry)
        }
        for (name, value) in try reader.optional("aliases", \.members) ?? [] {
            guard let target = value.string, target.isEmpty || (try? Reference(target)) != nil else {
                throw RecordError("aliases.\(name) is not valid")
            }
            aliases[name] = target.isEmpty ? nil : target
        }
    }

    private static let topKeys = [
        "unqualified-search-registries", "registry", "aliases", "short-name-mode", "credential-helpers",
    ]
    private static let registryKeys = [
        "prefix", "location", "insecure", "blocked", "mirror", "mirror-by-digest-only",
    ]
    private static let mirrorKeys = ["location", "insecure", "pull-from-mirror"]

    /// What is not understood might be what matters.
    private static func check(_ json: JSON, _ known: [String], _ path: String) throws(RecordError) {
        if path.isEmpty, json["registries"] != nil {
            throw RecordError("it has the form of version 1: write [[registry]] in place of [registries.…]")
        }
        for (key, _) in json.members ?? [] where !known.contains(key) {
            throw RecordError("\(path)\(key) is not known")
        }
    }

    private static func registry(_ json: JSON) throws(RecordError) -> Registry {
        try check(json, registryKeys, "registry.")
        let reader = try RecordReader(json, path: "registry.")
        let prefix = try reader.optional("prefix", \.string) ?? ""
        let location = try reader.optional("location", \.string) ?? (prefix.hasPrefix("*.") ? "" : prefix)
        let isWild = prefix.hasPrefix("*.")
        guard isWild ? isLocation(String(prefix.dropFirst(2))) : isLocation(prefix.isEmpty ? location : prefix),
            isLocation(location) || isWild && location.isEmpty
        else { throw RecordError("a registry has neither a valid location nor prefix") }
        var registry = Registry(prefix: prefix.isEmpty ? location : prefix, location: location)
        registry.isInsecure = try reader.optional("insecure", \.bool) ?? false
        registry.isBlocked = try reader.optional("blocked", \.bool) ?? false
        let onlyDigests = try reader.optional("mirror-by-digest-only", \.bool) ?? false
        for table in try reader.optional("mirror", \.array) ?? [] {
            registry.mirrors.append(try mirror(table, onlyDigests: onlyDigests))
        }
        return registry
    }

    private static func mirror(_ json: JSON, onlyDigests: Bool) throws(RecordError) -> Mirror {
        try check(json, mirrorKeys, "registry.mirror.")
        let reader = try RecordReader(json, path: "registry.mirror.")
        var mirror = Mirror(location: try reader.string("location"))
        guard isLocation(mirror.location) else { throw RecordError("registry.mirror.location is not valid") }
        mirror.isInsecure = try reader.optional("insecure", \.bool) ?? false
        mirror.use =
            try reader.optional("pull-from-mirror") { $0.string.flatMap(Mirror.Use.init(rawValue:)) }
            ?? (onlyDigests ? .digests : .all)
        return mirror
    }

    private static func isLocation(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard Authority(parts[0]) != nil else { return false }
        return parts.dropFirst().allSatisfy { part in
            !part.isEmpty && part != ".."
                && part.utf8.allSatisfy { $0.isDigit || $0.isASCIILetter || "._-".utf8.contains($0) }
        }
    }
}

// MARK: - Looking up

extension RegistriesConfiguration {
    /// What a name without a registry may stand for, in the order in which it is tried.
    /// - Parameter text: as the user has typed it.
    package func candidates(for text: String) throws(OperationError) -> [Reference] {
        let reference = try Reference(text)
        if Reference.namesRegistry(text) { return [reference] }
        if let alias = aliases[reference.name], let target = try? Reference(alias) {
            let end = reference.digest.map { "@\($0)" } ?? ":\(reference.tag ?? Reference.defaultTag)"
            return [try Reference(target.name + end)]
        }
        if searched.isEmpty { return [reference] }
        var found: [Reference] = []
        for registry in searched {
            // Of Docker's own registry official images have no name in front.
            let full = registry == Reference.dockerRegistry ? reference : try Reference("\(registry)/\(text)")
            if !found.contains(full) { found.append(full) }
        }
        return found
    }

    /// Where an image is asked for, in this order.
    /// - Throws: when the configuration blocks it.
    package func sources(of reference: Reference) throws(OperationError) -> [RegistrySource] {
        let name = "\(reference.registry)/\(reference.repository)"
        let own = RegistrySource(registry: reference.registry, repository: reference.repository)
        guard let (registry, matched) = match(name) else { return [own] }
        guard !registry.isBlocked else {
            throw OperationError(
                "registry \(registry.prefix) is blocked in registries.conf", remedy: "see registries.conf(5)",
                kind: .denied)
        }
        let rest = name.dropFirst(matched.count)
        var sources: [RegistrySource] = []
        for mirror in registry.mirrors where mirror.use.allows(reference) {
            sources.append(RegistrySource(mirror.location + rest, isInsecure: mirror.isInsecure, isMirror: true))
        }
        let location = registry.location.isEmpty ? matched : registry.location
        return sources + [RegistrySource(location + rest, isInsecure: registry.isInsecure, isMirror: false)]
    }

    /// The longest prefix, and which part of the name it has matched.
    private func match(_ name: String) -> (Registry, String)? {
        var best: (Registry, String)?
        for registry in registries {
            guard let matched = registry.part(of: name) else { continue }
            if best.map({ registry.prefix.count > $0.0.prefix.count }) ?? true { best = (registry, matched) }
        }
        return best
    }
}

extension RegistriesConfiguration.Registry {
    fileprivate func part(of name: String) -> String? {
        let host = String(name.prefix { $0 != "/" })
        if prefix.hasPrefix("*.") { return host.hasSuffix(prefix.dropFirst()) ? host : nil }
        return name == prefix || name.hasPrefix(prefix + "/") ? prefix : nil
    }
}

extension RegistriesConfiguration.Mirror.Use {
    fileprivate func allows(_ reference: Reference) -> Bool {
        switch self {
        case .all: true
        case .digests: reference.digest != nil
        case .tags: reference.digest == nil
        }
    }
}

/// A repository at a registry, and how far that is trusted.
package struct RegistrySource: Hashable, Sendable {
    /// `HOST[:PORT]`.
    package let registry: String
    package let repository: String
    /// Its certificate may be anybody's, and it need not speak TLS.
    package let isInsecure: Bool
    package let isMirror: Bool

    package init(registry: String, repository: String, isInsecure: Bool = false, isMirror: Bool = false) {
        self.registry = registry
        self.repository = repository
        // As in Docker, this host's own need no certificate.
        self.isInsecure = isInsecure || Self.isLocal(registry)
        self.isMirror = isMirror
    }

    init(_ location: String, isInsecure: Bool, isMirror: Bool) {
        let host = location.prefix { $0 != "/" }
        self.init(
            registry: String(host), repository: String(location.dropFirst(host.count + 1)), isInsecure: isInsecure,
            isMirror: isMirror)
    }

    private static func isLocal(_ registry: String) -> Bool {
        guard let authority = Authority(registry[...]) else { return false }
        return authority.host == "localhost" || authority.host == "::1"
            || IPAddress(authority.host).map { $0.family == .ipv4 && authority.host.hasPrefix("127.") } ?? false
    }

    /// Where it really is: Docker's own registry has another host than its name says.
    package var host: String { registry == Reference.dockerRegistry ? "registry-1.docker.io" : registry }
}
