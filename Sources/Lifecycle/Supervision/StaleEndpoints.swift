import Core
import Records

extension Host {
    /// Whether the container with this endpoint is dead and its rules only wait to be cleared away.
    package var isStale: (_ shortID: String) -> Bool {
        { shortID in
            let ids = (try? containerStore.runtimeIDs()) ?? []
            return !ids.contains { has($0, endpoint: shortID) && isSupervised($0) }
        }
    }

    private func has(_ id: ContainerID, endpoint shortID: String) -> Bool {
        if id.short == shortID { return true }
        return ((try? containerStore.state(id)) ?? nil)?.endpoints.contains { $0.id.short == shortID } ?? false
    }
}
