import Core
import Linux
import Netlink

/// Whether this host sends on what is for others: a setting of all of it, which no network works without.
enum HostRouting {
    /// The path below /proc/sys.
    static func setting(_ family: AddressFamily) -> String {
        family == .ipv4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding"
    }

    /// The same of one link alone. What sets that of the host sets it of all links; somebody may have taken it from one.
    static func setting(_ family: AddressFamily, of device: String) -> String {
        "net/\(family == .ipv4 ? "ipv4" : "ipv6")/conf/\(device)/forwarding"
    }

    /// Of a link that has no such setting nothing is known.
    static func isOff(_ family: AddressFamily, in settings: LinkSettings) -> Bool {
        (family == .ipv4 ? settings.forwards : settings.forwardsIPv6) == 0
    }

    static var families: Set<AddressFamily> {
        Set(AddressFamily.allCases.filter { Sysctl.get(setting($0)) == "1" })
    }

    /// The setting by which this host does not send on what comes in by a link; nil: there is none. Of IPv6 that of a link says only whom
    /// it believes.
    static func refusing(_ family: AddressFamily, input: String) -> String? {
        let ofLink = family == .ipv4 ? ["net/ipv4/conf/\(input)/forwarding"] : []
        return ([setting(family)] + ofLink).first { Sysctl.get($0) == "0" }
    }

    static func switchOn(_ family: AddressFamily) throws(OperationError) {
        for setting in try preparations(family) { try Sysctl.set(setting.key, to: setting.value) }
        try Sysctl.set(setting(family), to: "1")
    }

    /// What has to be set before. A host that sends IPv6 on believes no router any more, and gives up what routers have told it
    /// (rt6_purge_dflt_routers): where its way to elsewhere is such a one, it goes on to believe.
    static func preparations(_ family: AddressFamily) throws(OperationError) -> [(key: String, value: String)] {
        guard family == .ipv6 else { return [] }
        var netlink = try RouteSocket()
        var keys: [String] = []
        for route in try netlink.defaultRoutes(of: .ipv6) {
            guard let index = route.link, let name = try netlink.link(.index(index))?.name else { continue }
            let key = "net/ipv6/conf/\(name)/accept_ra"
            if !keys.contains(key), Sysctl.get(key) == "1" { keys.append(key) }
        }
        return keys.map { ($0, "2") }
    }
}
