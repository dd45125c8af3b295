import Core
import Linux

/// Servers that have let a question wait. For a while others are asked before them, so that one that is gone does not hold up every
/// name. Those that refuse keep their places: what they refuse may be that name alone.
final class SilentServers {
    private var ends: [ServerAddress: Deadline] = [:]

    /// - Parameter seconds: for which that counts.
    func add(_ server: ServerAddress, seconds: Int64 = 30) {
        ends = ends.filter { $0.value.millisecondsLeft > 0 }
        ends[server] = Deadline(seconds: seconds)
    }

    /// It has answered.
    func remove(_ server: ServerAddress) {
        if !ends.isEmpty { ends[server] = nil }
    }

    /// The same servers, in their order, but the silent ones last.
    func behindOthers<Server>(_ servers: [Server], by address: (Server) -> ServerAddress) -> [Server] {
        if ends.isEmpty { return servers }
        return servers.filter { !contains(address($0)) } + servers.filter { contains(address($0)) }
    }

    private func contains(_ server: ServerAddress) -> Bool { (ends[server]?.millisecondsLeft ?? 0) > 0 }
}
