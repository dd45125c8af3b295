import CNetlink
import Core
import Glibc

/// An address of a link.
package struct AddressInfo: Equatable, Sendable {
    package let address: Subnet
    /// Index of the link that has it.
    package let link: Int32
}

extension AddressInfo {
    /// - Throws: when the message is no RTM_NEWADDR of IPv4 or IPv6, or contradicts itself.
    init(_ message: Message) throws(OperationError) {
        let header = try message.fixedHeader(ifaddrmsg.self)
        guard Int(message.header.type) == RTM_NEWADDR, let family = AddressFamily(number: header.ifa_family),
            Int(header.ifa_prefixlen) <= family.bits
        else { throw .malformed("address") }
        var local: IPAddress?, address: IPAddress?
        var attributes = try message.attributes(after: ifaddrmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case IFA_LOCAL: local = try attribute.address(of: family)
            case IFA_ADDRESS: address = try attribute.address(of: family)
            default: break
            }
        }
        // IFA_ADDRESS is the other side's on a point-to-point link.
        guard let own = local ?? address else { throw .malformed("address") }
        self.init(address: Subnet(own, Int(header.ifa_prefixlen)), link: Int32(bitPattern: header.ifa_index))
    }
}

/// A route of IPv4 or IPv6.
package struct RouteInfo: Equatable, Sendable {
    /// `0.0.0.0/0` or `::/0` for a default route.
    package let destination: Subnet
    /// Nil when the destination is reached without one, or through a neighbour of the other family.
    package let gateway: IPAddress?
    /// Index of the link that packets leave by; of several next hops the first; nil for a blackhole.
    package let link: Int32?
    /// The lower one wins (`metric`).
    package let priority: UInt32
    /// Bytes, when the route has one of its own.
    package let mtu: Int?
    /// 254 is the main table, 255 the one with the host's own addresses.
    package let table: UInt32
    /// RTN_*: 1 is an ordinary route.
    package let type: UInt8

    /// To an address of this host's own.
    package var isLocal: Bool { Int(type) == RTN_LOCAL }
    /// Not one that drops packets, or is for many.
    package var isOrdinary: Bool { Int(type) == RTN_UNICAST }

    /// Whether the kernel would send a packet for anywhere else by it.
    package var isDefault: Bool {
        destination.prefixLength == 0 && table == UInt32(RT_TABLE_MAIN.rawValue) && Int(type) == RTN_UNICAST
    }
}

extension RouteInfo {
    /// - Throws: when the message is no RTM_NEWROUTE of IPv4 or IPv6, or contradicts itself.
    init(_ message: Message) throws(OperationError) {
        let header = try message.fixedHeader(rtmsg.self)
        guard Int(message.header.type) == RTM_NEWROUTE, let family = AddressFamily(number: header.rtm_family),
            Int(header.rtm_dst_len) <= family.bits
        else { throw .malformed("route") }
        var destination = family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6: 0)
        var hop = NextHop(family)
        var priority: UInt32 = 0
        var mtu: Int?
        var table = UInt32(header.rtm_table)
        var attributes = try message.attributes(after: rtmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(RTA_DST.rawValue): destination = try attribute.address(of: family)
            case Int(RTA_PRIORITY.rawValue): priority = try attribute.uint32()
            case Int(RTA_TABLE.rawValue): table = try attribute.uint32()
            case Int(RTA_METRICS.rawValue): mtu = try Self.mtu(attribute)
            case Int(RTA_MULTIPATH.rawValue): hop = try NextHop(family, first: attribute)
            default: try hop.take(attribute)
            }
        }
        self.init(
            destination: Subnet(destination, Int(header.rtm_dst_len)), gateway: hop.gateway, link: hop.link,
            priority: priority, mtu: mtu, table: table, type: header.rtm_type)
    }

    private static func mtu(_ metrics: Attribute) throws(OperationError) -> Int? {
        var attributes = metrics.nested()
        while let attribute = try attributes.next() {
            if attribute.type == RTAX_MTU { return Int(try attribute.uint32()) }
        }
        return nil
    }
}

/// Where a route leads: attributes of the route itself, or of each entry of RTA_MULTIPATH.
private struct NextHop {
    private let family: AddressFamily
    var gateway: IPAddress?
    var link: Int32?

    init(_ family: AddressFamily) { self.family = family }

    init(_ family: AddressFamily, first multipath: Attribute) throws(OperationError) {
        self.init(family)
        var (header, attributes) = try multipath.firstHop()
        link = header.rtnh_ifindex
        while let attribute = try attributes.next() { try take(attribute) }
    }

    mutating func take(_ attribute: Attribute) throws(OperationError) {
        switch attribute.type {
        case Int(RTA_GATEWAY.rawValue): gateway = try attribute.address(of: family)
        case Int(RTA_OIF.rawValue): link = try attribute.index()
        default: break
        }
    }
}
