import Lifecycle
import Supervisor

extension Engine {
    /// Whether the words of this process are those of a supervisor that has begun anew: nobody else has to wait for more than that.
    package static func isSupervising(_ words: [String]) -> Bool { Renewal.isMeant(by: words) }

    /// - Parameter words: those that this process was begun with.
    /// - Returns: whether it was a container's supervisor, which it has gone on to be until that ended.
    package func goOnSupervising(_ words: [String]) -> Bool { host.goOnSupervising(words) }
}
