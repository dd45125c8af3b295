/// The name of an image: `[HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST]` (Docker's grammar).
package struct Reference: Hashable, Sendable, CustomStringConvertible {
    package static let defaultTag = "latest"

    /// With the registry, unless that is Docker's own.
    package let name: String
    /// Nil only when there is a digest instead.
    package let tag: String?
    /// Of a manifest.
    package let digest: Digest?

    package init(_ text: String) throws(OperationError) {
        let invalid = OperationError("invalid reference format")
        var rest = text[...]
        digest = try Reference.takeDigest(&rest)
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        guard tag.map(Reference.isTag) ?? true else { throw invalid }
        name = Reference.familiar(rest)
        self.tag = tag ?? (digest == nil ? Reference.defaultTag : nil)
        try Reference.check(name: name, else: invalid)
    }

    /// What is stored and shown: `name:tag`.
    package var text: String { tag.map { "\(name):\($0)" } ?? name }
    package var description: String { digest.map { "\(text)@\($0)" } ?? text }

    private static func takeDigest(_ rest: inout Substring) throws(OperationError) -> Digest? {
        guard let at = rest.firstIndex(of: "@") else { return nil }
        guard let digest = Digest(String(rest[rest.index(after: at)...])) else {
            throw OperationError("invalid reference format")
        }
        rest = rest[..<at]
        return digest
    }

    /// Docker's own registry and its official images are known by their short names.
    private static func familiar(_ name: Substring) -> String {
        for prefix in ["index.docker.io/library/", "docker.io/library/", "index.docker.io/", "docker.io/"]
        where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return String(name)
    }
}

// MARK: - At a registry

extension Reference {
    /// Docker's own registry, whose official images lie below `library/`.
    package static let dockerRegistry = "docker.io"

    /// `HOST[:PORT]`.
    package var registry: String { parts.registry }

    /// What its registry calls it, without the tag: `library/busybox`.
    package var repository: String { parts.repository }

    /// With all that is usually left out: `docker.io/library/busybox:latest`.
    package var canonical: String {
        "\(registry)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// Whether a word names its registry, and is no short name that others may stand for.
    package static func namesRegistry(_ text: String) -> Bool {
        text.firstIndex(of: "/").map { isRegistry(text[..<$0]) } ?? false
    }

    private var parts: (registry: String, repository: String) {
        guard let slash = name.firstIndex(of: "/") else { return (Reference.dockerRegistry, "library/\(name)") }
        let first = name[..<slash]
        guard Reference.isRegistry(first) else { return (Reference.dockerRegistry, name) }
        return (String(first), String(name[name.index(after: slash)...]))
    }

    /// The same image under the digest of its manifest, whatever tag it has: `name@sha256:…`.
    package func pinned(to digest: Digest) -> String { "\(name)@\(digest)" }
}

// MARK: - Grammar

extension Reference {
    private static func check(name: String, else invalid: OperationError) throws(OperationError) {
        guard (1...255).contains(name.utf8.count) else { throw invalid }
        if Digest(hex: name) != nil {
            throw OperationError(
                "invalid repository name (\(name)), cannot specify 64-byte hexadecimal strings")
        }
        var components = name.split(separator: "/", omittingEmptySubsequences: false)
        if components.count > 1, isRegistry(components[0]) {
            guard isHost(components[0]) else { throw invalid }
            components.removeFirst()
        }
        if components.allSatisfy({ isComponent($0) }) { return }
        guard components.allSatisfy({ isComponent(Substring($0.lowercased())) }) else { throw invalid }
        throw OperationError("invalid reference format: repository name (\(name)) must be lowercase")
    }

    /// Only these make the first component a host; `a/b` is a name on the default registry.
    private static func isRegistry(_ text: Substring) -> Bool {
        text.contains(".") || text.contains(":") || text == "localhost"
    }

    private static func isHost(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, Decimal.parse(parts[1], in: 0...65_535) == nil { return false }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return first.isAlphanumeric && last.isAlphanumeric
                && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    /// `[a-z0-9]+` joined by `.`, `_`, `__` or any number of `-`.
    private static func isComponent(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, first.isLowercaseAlphanumeric,
            last.isLowercaseAlphanumeric
        else { return false }
        return bytes.split(whereSeparator: \.isLowercaseAlphanumeric).allSatisfy { isSeparator($0) }
    }

    private static func isSeparator(_ bytes: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return [".", "_", "__"].contains(text) || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isTag(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first,
            first.isAlphanumeric || first == UInt8(ascii: "_")
        else { return false }
        return text.utf8.allSatisfy { $0.isAlphanumeric || "_.-".utf8.contains($0) }
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool { isDigit || isASCIILetter }
    fileprivate var isLowercaseAlphanumeric: Bool { isDigit || (isASCIILetter && self & 0x20 != 0) }
}
