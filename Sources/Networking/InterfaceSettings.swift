import Core
import Linux

/// Kernel settings of a container's interface.
enum InterfaceSettings {
    /// IPv6 is off in a container's network namespace, for all interfaces and those to come, until a network has it. The order
    /// matters: nothing is asked of neighbours or believed of routers once it is on.
    /// - Throws: when /proc/sys cannot be written, as where the host's is read-only.
    static func admitIPv6(
        to interface: String, in namespace: borrowing NetworkNamespace
    ) throws(OperationError) {
        try namespace.visit { () throws(OperationError) in
            for (key, value) in settings(of: interface) { try Sysctl.set(key, to: value) }
        }
    }

    /// - Returns: paths below /proc/sys, and what is to be there, in their order.
    static func settings(of interface: String) -> [(key: String, value: String)] {
        [
            // Nobody else can have an address that follows from the container's own MAC. (A link of passthru has the parent's, and with it
            // the host's own address of the link, which nobody looks for.)
            ("net/ipv6/conf/\(interface)/accept_dad", "0"), ("net/ipv6/conf/\(interface)/accept_ra", "0"),
            ("net/ipv6/conf/\(interface)/disable_ipv6", "0"), ("net/ipv6/conf/lo/disable_ipv6", "0"),
        ]
    }
}
