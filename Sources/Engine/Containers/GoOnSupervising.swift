import Lifecycle
import Supervisor

extension Engine {
    /// - Parameter words: those that this process was begun with.
    /// - Returns: whether it was a container's supervisor, which it has gone on to be until that ended.
    package func goOnSupervising(_ words: [String]) -> Bool { host.goOnSupervising(words) }
}
