import Core
import Linux

/// Whether this host sends on what is for others: a setting of all of it, which no network works without.
enum HostRouting {
    /// The path below /proc/sys.
    static func setting(_ family: AddressFamily) -> String {
        family == .ipv4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding"
    }

    static var families: Set<AddressFamily> {
        Set(AddressFamily.allCases.filter { Sysctl.get(setting($0)) == "1" })
    }

    static func switchOn(_ family: AddressFamily) throws(OperationError) {
        try Sysctl.set(setting(family), to: "1")
    }
}
