import CNetlink
import Core
import Glibc

/// Some of a link's settings in /proc/sys/net/ipv4/conf and /proc/sys/net/ipv6/conf; nil where the kernel has none.
package struct LinkSettings: Equatable, Sendable {
    package var forwards: UInt32?
    package var forwardsIPv6: UInt32?
    package var routeLocalnet: UInt32?
    package var reversePathFilter: UInt32?
    package var ignoresARP: UInt32?
    package var disableIPv6: UInt32?
    package var acceptRouterAdvertisements: UInt32?
    package var asksForDuplicates: UInt32?

    package init() {}

    /// - Parameter families: IFLA_AF_SPEC. It has an array of numbers for each address family that the link has.
    init(_ families: Attribute) throws(OperationError) {
        var families = families.nested()
        while let family = try families.next() {
            switch family.type {
            case Int(AF_INET): try takeIPv4(family)
            case Int(AF_INET6): try takeIPv6(family)
            default: break
            }
        }
    }

    private mutating func takeIPv4(_ family: Attribute) throws(OperationError) {
        guard let values = try Self.values(IFLA_INET_CONF, of: family) else { return }
        forwards = values.uint32(at: Int(CNETLINK_IPV4_FORWARDING))
        routeLocalnet = values.uint32(at: Int(CNETLINK_IPV4_ROUTE_LOCALNET))
        reversePathFilter = values.uint32(at: Int(CNETLINK_IPV4_RP_FILTER))
        ignoresARP = values.uint32(at: Int(CNETLINK_IPV4_ARP_IGNORE))
    }

    private mutating func takeIPv6(_ family: Attribute) throws(OperationError) {
        guard let values = try Self.values(IFLA_INET6_CONF, of: family) else { return }
        forwardsIPv6 = values.uint32(at: Int(CNETLINK_IPV6_FORWARDING))
        disableIPv6 = values.uint32(at: Int(CNETLINK_IPV6_DISABLE))
        asksForDuplicates = values.uint32(at: Int(CNETLINK_IPV6_ACCEPT_DAD))
        acceptRouterAdvertisements = values.uint32(at: Int(CNETLINK_IPV6_ACCEPT_RA))
    }

    private static func values(_ type: Int, of family: Attribute) throws(OperationError) -> Attribute? {
        var parts = family.nested()
        while let part = try parts.next() {
            if part.type == type { return part }
        }
        return nil
    }
}
