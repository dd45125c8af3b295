import Core
import Netlink

/// What a container without a network has: its own 127.0.0.1, which many programs do not work without.
package enum LoopbackNetwork {
    /// - Parameter inside: an rtnetlink socket that was opened in the container's network namespace.
    package static func configure(_ inside: inout RouteSocket) throws(OperationError) {
        try inside.setUp(.named("lo"))
    }
}
