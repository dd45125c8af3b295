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
            // Nobody else can have an address that follows from the container's own MAC.
            try Sysctl.set("net/ipv6/conf/\(interface)/accept_dad", to: "0")
            try Sysctl.set("net/ipv6/conf/\(interface)/accept_ra", to: "0")
            try Sysctl.set("net/ipv6/conf/\(interface)/disable_ipv6", to: "0")
            try Sysctl.set("net/ipv6/conf/lo/disable_ipv6", to: "0")
        }
    }
}
