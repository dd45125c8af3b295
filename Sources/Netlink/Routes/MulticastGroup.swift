import CNetlink
import Core
import Glibc

/// A group of IPv6 that a link has joined.
struct MulticastGroup: Equatable {
    let address: IPAddress
    /// Index of the link.
    let link: Int32
}

extension MulticastGroup {
    /// The kernel answers by messages of the request's own type (inet6_fill_ifmcaddr), and not of RTM_NEWMULTICAST, as one would
    /// expect: that is read, too.
    ///
    /// - Throws: when the message is none of a group of IPv6, or contradicts itself.
    init(_ message: Message) throws(OperationError) {
        let header = try message.fixedHeader(ifaddrmsg.self)
        guard [RTM_GETMULTICAST, RTM_GETMULTICAST - 2].contains(Int(message.header.type)),
            header.ifa_family == AddressFamily.ipv6.number
        else { throw .malformed("multicast group") }
        var address: IPAddress?
        var attributes = try message.attributes(after: ifaddrmsg.self)
        while let attribute = try attributes.next() {
            if attribute.type == IFA_MULTICAST { address = try attribute.address(of: .ipv6) }
        }
        guard let address, !address.isUnicast else { throw .malformed("multicast group") }
        self.init(address: address, link: Int32(bitPattern: header.ifa_index))
    }
}

extension RequestBatch {
    /// A dump. The kernel has it of IPv6 alone.
    /// - Parameter link: its index. A kernel that does not check requests tells of all links whatever it is asked.
    mutating func getMulticastGroups(on link: Int32) {
        var header = ifaddrmsg()
        header.ifa_family = AddressFamily.ipv6.number
        header.ifa_index = UInt32(bitPattern: link)
        begin(RTM_GETMULTICAST, netlinkDumpFlags, header, Label(operation: "list multicast groups", subject: nil))
    }
}

extension RouteSocket {
    /// Returns when the kernel hears who asks for the MAC address of one that a link has got. It joins the group that is asked in a
    /// work queue (addrconf_dad_work), a moment after the address is there: a question before that is lost, and asked again
    /// only after a second. Of that moment half a second is waited for at most.
    ///
    /// - Parameter link: its name. Nothing is waited for where there is none any more, or where nobody tells of groups.
    package mutating func settle(_ address: IPAddress, on link: String) throws(OperationError) {
        guard address.family == .ipv6, let index = try self.link(.named(link))?.index else { return }
        try Self.waitForKernel { () throws(OperationError) in
            let groups = try multicastGroups(on: index)
            // That of all nodes is there from the beginning.
            return groups.isEmpty || groups.contains(address.solicitedNode)
        }
    }

    /// None of a link that is gone, and none where the kernel does not know the request.
    private mutating func multicastGroups(on link: Int32) throws(OperationError) -> [IPAddress] {
        var groups: [IPAddress] = []
        do throws(OperationError) {
            for message in try dump({ $0.getMulticastGroups(on: link) }) {
                let group = try MulticastGroup(message)
                if group.link == link { groups.append(group.address) }
            }
        } catch {
            guard [ENODEV, EOPNOTSUPP].contains(error.errno) else { throw error }
        }
        return groups
    }
}

extension IPAddress {
    /// Of an address of IPv6: the group that a question for its neighbour goes to, ff02::1:ff00:0/104 with its last 24 bits
    /// (RFC 4291, 2.7.1).
    var solicitedNode: IPAddress { IPAddress(ipv6: 0xff02 << 112 | 0x1_ff00_0000 | number & 0xff_ffff) }
}
