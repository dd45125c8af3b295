import Core
import Linux
import Registry

extension Engine {
    /// Docker's registry has its search at the host of its first version.
    private static let searchHost = "index.docker.io"

    /// Asks a registry for repositories.
    /// - Parameters:
    ///   - text: a word, with a registry and a slash in front where it is not Docker's own.
    ///   - limit: how many at most.
    /// - Returns: the best liked first.
    package func searchImages(_ text: String, limit: Int) throws(OperationError) -> [FoundImage] {
        let (registry, term) = try Self.search(text)
        let settings = try RegistrySettings(environment: CallersEnvironment.value)
        let source = try settings.source(of: registry)
        let found = try WorkerThread.result { () throws(OperationError) in
            let session = try RegistrySession(source, settings)
            return try session.search(term, limit: limit, session.connection())
        }
        let images = found.prefix(limit).map { repository in
            FoundImage(
                name: registry == Self.searchHost ? repository.name : "\(registry)/\(repository.name)",
                description: repository.description, stars: repository.stars, isOfficial: repository.isOfficial,
                isAutomated: repository.isAutomated)
        }
        return images.enumerated().sorted { ($1.element.stars, $0.offset) < ($0.element.stars, $1.offset) }.map(
            \.element)
    }

    private static func search(_ text: String) throws(OperationError) -> (registry: String, term: String) {
        guard !text.contains("://"), !text.isEmpty else {
            throw OperationError(
                "invalid search term \(JSON.quoted(text))", remedy: "name a word, or REGISTRY/WORD", kind: .invalid)
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let isRegistry = parts.count > 1 && (parts[0] == "localhost" || parts[0].contains { ".:".contains($0) })
        guard isRegistry else { return (searchHost, text) }
        guard RegistryName.isValid(parts[0]), !parts[1].isEmpty else {
            throw OperationError("invalid search term \(JSON.quoted(text))", kind: .invalid)
        }
        let isDockers = ["docker.io", searchHost, "registry-1.docker.io"].contains(parts[0])
        return (isDockers ? searchHost : parts[0], parts[1])
    }
}

/// A repository of a registry.
package struct FoundImage: Equatable, Sendable {
    package let name: String
    package let description: String
    package let stars: Int64
    package let isOfficial: Bool
    package let isAutomated: Bool

    package init(name: String, description: String, stars: Int64, isOfficial: Bool, isAutomated: Bool) {
        self.name = name
        self.description = description
        self.stars = stars
        self.isOfficial = isOfficial
        self.isAutomated = isAutomated
    }
}
