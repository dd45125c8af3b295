import CNetlink
import Core
import Glibc

/// What a message is called, what its payload begins with, and which attributes follow.
struct MessageForm {
    let name: String
    let header: FixedHeader
    let attributes: AttributeForms

    /// - Parameter number: one of NETLINK_*.
    init(_ type: Int, protocol number: Int32) {
        if let name = Self.control[type] {
            (self.name, header, attributes) = (name, .none, AttributeForms([:]))
        } else if number == NETLINK_NETFILTER, let name = Self.batch[type] {
            (self.name, header, attributes) = (name, .netfilter, .generation)
        } else if number == NETLINK_NETFILTER {
            let names = type >> 8 == Int(NFNL_SUBSYS_NFTABLES) ? Self.nftables : Self.conntrack
            (name, attributes) = names[type & 0xff] ?? ("NFNL \(type >> 8)/\(type & 0xff)", AttributeForms([:]))
            header = .netfilter
        } else {
            let found = number == NETLINK_ROUTE ? Self.route[type] : nil
            name = found?.name ?? "message \(type)"
            header = found?.header ?? .none
            attributes = found?.attributes ?? AttributeForms([:])
        }
    }

    private static let control: [Int: String] = [1: "NLMSG_NOOP", 2: "NLMSG_ERROR", 3: "NLMSG_DONE"]
    /// Of netfilter alone, around the requests of a transaction.
    private static let batch: [Int: String] = [
        Int(CNETLINK_BATCH_BEGIN): "NFNL_MSG_BATCH_BEGIN", Int(CNETLINK_BATCH_END): "NFNL_MSG_BATCH_END",
    ]

    private static let route: [Int: (name: String, header: FixedHeader, attributes: AttributeForms)] = {
        var forms: [Int: (name: String, header: FixedHeader, attributes: AttributeForms)] = [:]
        // They come in fours: new, del, get, set (rtnetlink(7)).
        for (first, noun, header, attributes) in [
            (Int(RTM_NEWLINK), "LINK", FixedHeader.link, AttributeForms.link),
            (Int(RTM_NEWADDR), "ADDR", .address, .address), (Int(RTM_NEWROUTE), "ROUTE", .route, .route),
            (Int(RTM_GETMULTICAST) - 2, "MULTICAST", .address, .address),
            (Int(RTM_NEWNEIGH), "NEIGH", .neighbour, .neighbour), (Int(RTM_NEWQDISC), "QDISC", .traffic, .traffic),
            (Int(RTM_NEWTFILTER), "TFILTER", .traffic, .traffic),
        ] {
            for (offset, verb) in ["NEW", "DEL", "GET", "SET"].enumerated() {
                forms[first + offset] = ("RTM_\(verb)\(noun)", header, attributes)
            }
        }
        return forms
    }()

    private static let nftables: [Int: (String, AttributeForms)] = [
        Int(NFT_MSG_NEWTABLE.rawValue): ("NFT_MSG_NEWTABLE", .table),
        Int(NFT_MSG_DELTABLE.rawValue): ("NFT_MSG_DELTABLE", .table),
        Int(NFT_MSG_NEWCHAIN.rawValue): ("NFT_MSG_NEWCHAIN", .chain),
        Int(NFT_MSG_GETCHAIN.rawValue): ("NFT_MSG_GETCHAIN", .chain),
        Int(NFT_MSG_DELCHAIN.rawValue): ("NFT_MSG_DELCHAIN", .chain),
        Int(NFT_MSG_NEWRULE.rawValue): ("NFT_MSG_NEWRULE", .rule),
        Int(NFT_MSG_GETRULE.rawValue): ("NFT_MSG_GETRULE", .rule),
        Int(NFT_MSG_DELRULE.rawValue): ("NFT_MSG_DELRULE", .rule),
        Int(NFT_MSG_NEWSET.rawValue): ("NFT_MSG_NEWSET", .set),
        Int(NFT_MSG_GETSET.rawValue): ("NFT_MSG_GETSET", .set),
        Int(NFT_MSG_NEWSETELEM.rawValue): ("NFT_MSG_NEWSETELEM", .elements),
        Int(NFT_MSG_GETSETELEM.rawValue): ("NFT_MSG_GETSETELEM", .elements),
        Int(NFT_MSG_NEWGEN.rawValue): ("NFT_MSG_NEWGEN", .generation),
        Int(NFT_MSG_GETGEN.rawValue): ("NFT_MSG_GETGEN", .generation),
    ]

    private static let conntrack: [Int: (String, AttributeForms)] = [
        0: ("IPCTNL_MSG_CT_NEW", .flow), 1: ("IPCTNL_MSG_CT_GET", .flow), 2: ("IPCTNL_MSG_CT_DELETE", .flow),
    ]
}

/// The structure that a payload begins with.
enum FixedHeader: Sendable {
    case none, link, address, route, neighbour, traffic, netfilter

    /// In bytes.
    var size: Int {
        switch self {
        case .none: 0
        case .link: MemoryLayout<ifinfomsg>.size
        case .address: MemoryLayout<ifaddrmsg>.size
        case .route: MemoryLayout<rtmsg>.size
        case .neighbour: MemoryLayout<ndmsg>.size
        case .traffic: MemoryLayout<tcmsg>.size
        case .netfilter: MemoryLayout<nfgenmsg>.size
        }
    }

    /// - Parameter bytes: as many as it has.
    func text(_ bytes: [UInt8]) -> String {
        let fields = PacketBytes(bytes)
        func number(_ offset: Int) -> String { fields.uint32(offset).map { "\(Int32(bitPattern: $0))" } ?? "" }
        switch self {
        case .none: return ""
        case .link:
            return "index \(number(4)) flags 0x\(String(fields.uint32(8) ?? 0, radix: 16))"
                + " change 0x\(String(fields.uint32(12) ?? 0, radix: 16))"
        case .address: return "family \(bytes[0]) /\(bytes[1]) index \(number(4))"
        case .route: return "family \(bytes[0]) dst /\(bytes[1]) table \(bytes[4]) type \(bytes[7])"
        case .neighbour: return "family \(bytes[0]) index \(number(4)) state \(fields.uint16(8) ?? 0)"
        case .traffic: return "index \(number(4)) handle \(number(8)) parent \(number(12))"
        case .netfilter: return "family \(bytes[0])"
        }
    }
}
