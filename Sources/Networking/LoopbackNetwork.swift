import Core
import Linux
import Netlink

/// What a container without a network has: its own 127.0.0.1, which many programs do not work without.
package enum LoopbackNetwork {
    /// - Parameter inside: an rtnetlink socket that was opened in the container's network namespace.
    package static func configure(inside namespace: inout RouteSocket) throws(OperationError) {
        try namespace.setUp(.named("lo"))
    }
}
