import Core
import Lifecycle
import Records

/// `--link`: another container under a name of this one's own. The sentences are Docker's.
extension Engine {
    func links(_ request: RunRequest, _ mode: NetworkMode) throws(OperationError) -> [ContainerLink] {
        if request.links.isEmpty { return [] }
        switch mode {
        case .host, .container, .namespace:
            throw OperationError(
                "conflicting options: \(mode == .host ? "host" : "container") type networking can't be used with links. "
                    + "This would result in undefined behavior", kind: .invalid)
        case .none: throw OperationError("conflicting options: --link needs a network", kind: .invalid)
        case .networks: break
        }
        guard request.names.hasHostsFile else {
            throw OperationError(
                "conflicting options: --link is a line of the file that --no-hosts leaves out", kind: .invalid)
        }
        return try request.links.map { text throws(OperationError) in try link(text) }
    }

    private func link(_ text: String) throws(OperationError) -> ContainerLink {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let bare = parts[0].hasPrefix("/") ? String(parts[0].dropFirst()) : parts[0]
        guard parts.count <= 2, !bare.isEmpty, let alias = Name(parts.count == 2 ? parts[1] : bare) else {
            throw OperationError("bad format for links: \(text)", kind: .invalid)
        }
        let other = try containerStore.find(bare)
        return ContainerLink(other, try containerStore.definition(other)?.name, as: alias)
    }
}
