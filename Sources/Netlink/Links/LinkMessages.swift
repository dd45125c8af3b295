import CNetlink
import Core

/// Requests about links: RTM_NEWLINK, RTM_SETLINK, RTM_DELLINK, RTM_GETLINK (rtnetlink(7), <linux/if_link.h>).
extension RequestBatch {
    /// A bridge that is up. The kernel takes no alias here: that is a second request.
    mutating func createBridge(_ bridge: BridgeRequest) {
        beginCreation("create bridge", bridge.name, up: true)
        put(IFLA_IFNAME, bridge.name)
        put(IFLA_ADDRESS, bridge.mac.bytes)
        nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, "bridge") }
    }

    /// Both ends at once, and both down. The end here is the primary one, and on its bridge when it appears.
    ///
    /// One message instead of create, move, enslave: each of those waits for RCU.
    mutating func createVeth(_ veth: VethRequest) {
        beginCreation("create veth", veth.name, up: false)
        put(IFLA_IFNAME, veth.name)
        put(IFLA_MASTER, UInt32(bitPattern: veth.bridge))
        if let mac = veth.mac { put(IFLA_ADDRESS, mac.bytes) }
        putEnd(veth)
        nest(IFLA_LINKINFO) {
            $0.put(IFLA_INFO_KIND, "veth")
            $0.nest(IFLA_INFO_DATA) { $0.nest(VETH_INFO_PEER) { $0.putPeer(veth) } }
        }
    }

    private mutating func putPeer(_ veth: VethRequest) {
        put(header: ifinfomsg())
        put(IFLA_IFNAME, veth.peerName)
        put(IFLA_ADDRESS, veth.peerMAC.bytes)
        putEnd(veth)
        putNamespace(veth.peerNamespace)
    }

    mutating func putNamespace(_ namespace: NetworkNamespaceReference) {
        switch namespace {
        case .process(let pid): put(IFLA_NET_NS_PID, UInt32(bitPattern: pid))
        case .descriptor(let number): put(IFLA_NET_NS_FD, UInt32(bitPattern: number))
        }
    }

    /// One queue each way instead of one per processor: each has directories in sysfs, which are a third
    /// of the cost of a pair on two processors. Only XDP and threaded NAPI would use more than one.
    private mutating func putEnd(_ veth: VethRequest) {
        if let mtu = veth.mtu { put(IFLA_MTU, UInt32(clamping: mtu)) }
        put(IFLA_NUM_TX_QUEUES, 1)
        put(IFLA_NUM_RX_QUEUES, 1)
    }

    /// NLM_F_ECHO: the kernel sends the new link back, index included (Linux 6.2 and later).
    mutating func beginCreation(_ operation: String, _ name: String, up: Bool) {
        let header = ifinfomsg(up: up)
        begin(
            RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, header,
            Label(operation: operation, subject: name))
    }

    /// - Parameter name: for the error, when `link` is an index.
    mutating func setUp(_ link: LinkReference, name: String? = nil) {
        begin("bring up", link, RTM_SETLINK, up: true, name: name)
    }

    /// - Parameter bridge: 0 takes the link off its bridge.
    mutating func setMaster(_ link: LinkReference, bridge: Int32) {
        begin(bridge == 0 ? "take off its bridge" : "attach to bridge", link, RTM_SETLINK)
        put(IFLA_MASTER, UInt32(bitPattern: bridge))
    }

    /// Of a bridge that exists: one that was only created with an MTU goes back to that of its ports, or to 1500
    /// without any, whenever a port leaves (br_mtu_auto_adjust).
    mutating func setMTU(_ link: LinkReference, _ mtu: Int) {
        begin("set MTU of", link, RTM_SETLINK)
        put(IFLA_MTU, UInt32(clamping: mtu))
    }

    mutating func setAlias(_ link: LinkReference, _ alias: String) {
        begin("set alias of", link, RTM_SETLINK)
        // Not a C string: the kernel would keep the zero byte.
        put(IFLA_IFALIAS, Array(alias.utf8))
    }

    mutating func setMAC(_ link: LinkReference, _ mac: MACAddress) {
        begin("set MAC address of", link, RTM_SETLINK)
        put(IFLA_ADDRESS, mac.bytes)
    }

    mutating func deleteLink(_ link: LinkReference) {
        begin("delete link", link, RTM_DELLINK)
    }

    mutating func getLink(_ link: LinkReference) {
        begin("look up link", link, RTM_GETLINK)
        put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    }

    /// A dump.
    mutating func getLinks() {
        begin(RTM_GETLINK, netlinkDumpFlags, ifinfomsg(), Label(operation: "list links", subject: nil))
        put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
    }

    mutating func begin(
        _ operation: String, _ link: LinkReference, _ type: Int, up: Bool = false, name: String? = nil
    ) {
        var header = ifinfomsg(up: up)
        if case .index(let index) = link { header.ifi_index = index }
        begin(type, NLM_F_ACK, header, Label(operation: operation, subject: name ?? link.description))
        if case .named(let name) = link { put(IFLA_IFNAME, name) }
    }
}

/// NLM_F_DUMP, which is a macro of two others.
let netlinkDumpFlags = NLM_F_ROOT | NLM_F_MATCH

extension ifinfomsg {
    /// - Parameter up: asks for IFF_UP; all other flags stay what they are.
    fileprivate init(up: Bool) {
        self.init()
        let flag = up ? UInt32(CNETLINK_IFF_UP) : 0
        ifi_flags = flag
        ifi_change = flag
    }
}
