import CNetlink
import Core
import Glibc

/// A conversation with nftables.
package struct NFTablesSocket: ~Copyable {
    var socket: NetlinkSocket

    /// Opens one in the calling thread's network namespace.
    package init() throws(OperationError) { socket = try NetlinkSocket(protocol: NETLINK_NETFILTER) }
}

/// Numbers of <linux/netfilter/nf_tables.h>.
enum NFTables {
    static func type(_ message: nf_tables_msg_types) -> Int32 { NFNL_SUBSYS_NFTABLES << 8 | Int32(message.rawValue) }
    static func number(of family: AddressFamily) -> UInt8 {
        UInt8(family == .ipv4 ? CNETLINK_NFPROTO_IPV4 : CNETLINK_NFPROTO_IPV6)
    }
    /// Nil of one that is not about IP.
    static func name(ofFamily number: UInt8) -> String? {
        [Int(CNETLINK_NFPROTO_IPV4): "ip", Int(CNETLINK_NFPROTO_IPV6): "ip6", Int(CNETLINK_NFPROTO_INET): "inet"][
            Int(number)]
    }
    /// Whether packets of `family` come by the tables of the family with that number.
    static func isPassed(_ number: UInt8, by family: AddressFamily) -> Bool {
        [self.number(of: family), UInt8(CNETLINK_NFPROTO_INET)].contains(number)
    }
    static func header(_ family: UInt8) -> nfgenmsg {
        nfgenmsg(nfgen_family: family, version: UInt8(NFNETLINK_V0), res_id: 0)
    }
}
