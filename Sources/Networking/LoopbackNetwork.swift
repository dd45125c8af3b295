import Core
import Linux
import Netlink

/// What a container without a network has: its own 127.0.0.1, which many programs do not work without.
package enum LoopbackNetwork {
    package static func configure(_ namespace: consuming NetworkNamespace) throws(OperationError) {
        var inside = try RouteSocket(of: namespace)
        try inside.setUp(.named("lo"))
    }
}
