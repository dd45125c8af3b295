import CNetlink
import Core
import Glibc

/// Requests about addresses, routes and neighbours (rtnetlink(7), <linux/if_addr.h>, <linux/neighbour.h>).
extension RequestBatch {
    /// Scope global; with the subnet's broadcast address, which the kernel does not add by itself. One of IPv6 can be used at
    /// once: nobody else has it, so nobody is asked (RFC 4862 5.4).
    ///
    /// - Parameter name: of the link, for the error.
    mutating func addAddress(_ address: Subnet, index: Int32, name: String) {
        addAddress(address, index: index, name: name, scope: RT_SCOPE_UNIVERSE)
    }

    /// In 169.254/16 (RFC 3927): what is sent elsewhere never has it as its source.
    mutating func addLinkLocal(_ address: IPAddress, index: Int32, name: String) {
        addAddress(Subnet(address, 16), index: index, name: name, scope: RT_SCOPE_LINK)
    }

    private mutating func addAddress(_ address: Subnet, index: Int32, name: String, scope: rt_scope_t) {
        var header = ifaddrmsg()
        header.ifa_family = address.family.number
        header.ifa_prefixlen = UInt8(address.prefixLength)
        if address.family == .ipv6 { header.ifa_flags = UInt8(IFA_F_NODAD) }
        header.ifa_scope = UInt8(scope.rawValue)
        header.ifa_index = UInt32(bitPattern: index)
        let label = Label(operation: "add address \(address) to", subject: name)
        begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header, label)
        put(IFA_LOCAL, address.address)
        put(IFA_ADDRESS, address.address)
        if let broadcast = address.broadcast { put(IFA_BROADCAST, broadcast) }
    }

    /// A dump.
    /// - Parameters:
    ///   - family: nil for all that the kernel has.
    ///   - link: its index; nil for all links. A kernel that does not check requests tells of all whatever it is asked.
    mutating func getAddresses(of family: AddressFamily?, on link: Int32? = nil) {
        var header = ifaddrmsg()
        header.ifa_family = family?.number ?? UInt8(AF_UNSPEC)
        header.ifa_index = UInt32(bitPattern: link ?? 0)
        begin(RTM_GETADDR, netlinkDumpFlags, header, Label(operation: "list addresses", subject: nil))
    }

    /// In the main table.
    /// - Parameter replaces: the one that is there goes.
    mutating func addDefaultRoute(_ hop: DefaultHop, index: Int32, name: String, replaces: Bool = false) {
        var header = rtmsg()
        header.rtm_family = hop.family.number
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_BOOT)
        header.rtm_scope = UInt8(hop.gateway == nil ? RT_SCOPE_LINK.rawValue : RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        let way = hop.gateway.map { "via \($0) to" } ?? "by"
        let label = Label(operation: "add default route \(way)", subject: name)
        begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | (replaces ? NLM_F_REPLACE : NLM_F_EXCL), header, label)
        if let gateway = hop.gateway { put(Int(RTA_GATEWAY.rawValue), gateway) }
        put(Int(RTA_OIF.rawValue), UInt32(bitPattern: index))
    }

    /// A neighbour whose MAC never changes, whatever ARP or neighbour discovery says.
    mutating func addNeighbour(_ address: IPAddress, mac: MACAddress, index: Int32, name: String) {
        var header = ndmsg()
        header.ndm_family = address.family.number
        header.ndm_ifindex = index
        header.ndm_state = UInt16(NUD_PERMANENT)
        let label = Label(operation: "add neighbour \(address) to", subject: name)
        begin(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, header, label)
        put(NDA_DST, address)
        put(NDA_LLADDR, mac.bytes)
    }

    /// A dump of the routes of all tables.
    /// - Parameter type: RTN_*; nil for all. A kernel that does not check requests tells of all whatever it is asked.
    mutating func getRoutes(of family: AddressFamily, type: Int? = nil) {
        var header = rtmsg()
        header.rtm_family = family.number
        if let type { header.rtm_type = UInt8(type) }
        begin(RTM_GETROUTE, netlinkDumpFlags, header, Label(operation: "list routes", subject: nil))
    }
}

extension AddressFamily {
    /// AF_*.
    var number: UInt8 { UInt8(self == .ipv4 ? AF_INET : AF_INET6) }

    /// Nil of any other family.
    init?(number: UInt8) {
        guard let family = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = family
    }
}

/// Where a default route leads.
enum DefaultHop {
    case gateway(IPAddress)
    /// Whatever it is for is on the link.
    case link(AddressFamily)

    var gateway: IPAddress? { if case .gateway(let address) = self { address } else { nil } }
    var family: AddressFamily {
        switch self {
        case .gateway(let address): address.family
        case .link(let family): family
        }
    }
}
