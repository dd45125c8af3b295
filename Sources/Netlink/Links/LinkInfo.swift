import CNetlink
import Core

/// A network interface as it was when the kernel was asked.
package struct LinkInfo: Equatable, Sendable {
    package let index: Int32
    package let name: String
    /// What created it, `bridge` or `veth`; nil for hardware and for `lo`.
    package let kind: String?
    /// Nil for `lo`, tunnels and others that have none of six bytes.
    package let mac: MACAddress?
    /// Bytes.
    package let mtu: Int
    /// Whether it was brought up (IFF_UP), not whether there is a carrier.
    package let isUp: Bool
    /// Whether the kernel has acted on its carrier: what is sent does not get lost (operstate of RFC 2863).
    package let isOperational: Bool
    package let alias: String?
    /// Index of the bridge that it is a port of.
    package let master: Int32?
    /// Index of the other end of a veth pair, which may be in another namespace.
    package let peer: Int32?
    package let settings: LinkSettings
    /// Index of the link that a VLAN is on; nil where that is in another namespace, and the number means nothing here.
    package var below: Int32?
}

extension LinkInfo {
    /// - Throws: when the message is no RTM_NEWLINK or contradicts itself.
    init(_ message: Message) throws(OperationError) {
        guard Int(message.header.type) == RTM_NEWLINK else { throw .malformed("link") }
        let header = try message.fixedHeader(ifinfomsg.self)
        var name: String?
        var kind: String?, alias: String?
        var mac: MACAddress?
        var mtu: UInt32 = 0
        var state: UInt8 = 0
        var master: Int32?, lower: Int32?
        var isElsewhere = false
        var settings = LinkSettings()
        var attributes = try message.attributes(after: ifinfomsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case IFLA_IFNAME: name = attribute.string
            case IFLA_ADDRESS: mac = attribute.mac
            case IFLA_MTU: mtu = try attribute.uint32()
            case IFLA_OPERSTATE: state = try attribute.uint8()
            case IFLA_IFALIAS: alias = attribute.string
            case IFLA_MASTER: master = try attribute.index()
            case IFLA_LINK: lower = try attribute.index()
            case IFLA_LINK_NETNSID: isElsewhere = true
            case IFLA_LINKINFO: kind = try Self.kind(attribute)
            case IFLA_AF_SPEC: settings = try LinkSettings(attribute)
            default: break
            }
        }
        guard let name, header.ifi_index > 0 else { throw .malformed("link") }
        self.init(
            index: header.ifi_index, name: name, kind: kind, mac: mac, mtu: Int(mtu),
            isUp: header.ifi_flags & UInt32(CNETLINK_IFF_UP) != 0, isOperational: state == UInt8(CNETLINK_IF_OPER_UP),
            alias: alias, master: master,
            // Of a VLAN and the like it is the device below.
            peer: kind == "veth" ? lower : nil, settings: settings,
            below: kind == "vlan" && !isElsewhere ? lower : nil)
    }

    private static func kind(_ information: Attribute) throws(OperationError) -> String? {
        var attributes = information.nested()
        while let attribute = try attributes.next() {
            if attribute.type == IFLA_INFO_KIND { return attribute.string }
        }
        return nil
    }
}
