import CNetlink
import Core
import Glibc

/// Names of attributes, as in <linux/if_link.h>, <linux/if_addr.h>, <linux/rtnetlink.h>, <linux/netfilter/nf_tables.h>.
extension AttributeForms {
    static let link = AttributeForms([
        Int(IFLA_ADDRESS): ("IFLA_ADDRESS", .bytes), Int(IFLA_IFNAME): ("IFLA_IFNAME", .text),
        Int(IFLA_MTU): ("IFLA_MTU", .number), Int(IFLA_LINK): ("IFLA_LINK", .number),
        Int(IFLA_MASTER): ("IFLA_MASTER", .number), Int(IFLA_IFALIAS): ("IFLA_IFALIAS", .text),
        Int(IFLA_NET_NS_PID): ("IFLA_NET_NS_PID", .number), Int(IFLA_NET_NS_FD): ("IFLA_NET_NS_FD", .number),
        Int(IFLA_NUM_TX_QUEUES): ("IFLA_NUM_TX_QUEUES", .number),
        Int(IFLA_NUM_RX_QUEUES): ("IFLA_NUM_RX_QUEUES", .number), Int(IFLA_EXT_MASK): ("IFLA_EXT_MASK", .number),
        Int(IFLA_LINKINFO): ("IFLA_LINKINFO", .nested(linkInfo)),
        Int(IFLA_PROTINFO): ("IFLA_PROTINFO", .nested(AttributeForms([:]))),
        Int(IFLA_AF_SPEC): ("IFLA_AF_SPEC", .nested(AttributeForms([:], element: ("family", .bytes)))),
    ])

    private static let linkInfo = AttributeForms([
        Int(IFLA_INFO_KIND): ("IFLA_INFO_KIND", .text), Int(IFLA_INFO_SLAVE_KIND): ("IFLA_INFO_SLAVE_KIND", .text),
        Int(IFLA_INFO_DATA): ("IFLA_INFO_DATA", .nested(linkData)),
        Int(IFLA_INFO_SLAVE_DATA): ("IFLA_INFO_SLAVE_DATA", .nested(AttributeForms([:]))),
    ])

    /// Each kind of link has numbers of its own; the peer of a veth is the one that is another link.
    private static let linkData = AttributeForms([
        Int(VETH_INFO_PEER): ("#1", .nested(peer, header: MemoryLayout<ifinfomsg>.size))
    ])

    private static let peer = AttributeForms([
        Int(IFLA_ADDRESS): ("IFLA_ADDRESS", .bytes), Int(IFLA_IFNAME): ("IFLA_IFNAME", .text),
        Int(IFLA_MTU): ("IFLA_MTU", .number), Int(IFLA_NET_NS_PID): ("IFLA_NET_NS_PID", .number),
        Int(IFLA_NET_NS_FD): ("IFLA_NET_NS_FD", .number),
        Int(IFLA_NUM_TX_QUEUES): ("IFLA_NUM_TX_QUEUES", .number),
        Int(IFLA_NUM_RX_QUEUES): ("IFLA_NUM_RX_QUEUES", .number),
    ])

    static let address = AttributeForms([
        Int(IFA_ADDRESS): ("IFA_ADDRESS", .address), Int(IFA_LOCAL): ("IFA_LOCAL", .address),
        Int(IFA_BROADCAST): ("IFA_BROADCAST", .address), Int(IFA_LABEL): ("IFA_LABEL", .text),
        Int(IFA_FLAGS): ("IFA_FLAGS", .number), Int(IFA_MULTICAST): ("IFA_MULTICAST", .address),
    ])

    static let route = AttributeForms([
        Int(RTA_DST.rawValue): ("RTA_DST", .address), Int(RTA_SRC.rawValue): ("RTA_SRC", .address),
        Int(RTA_IIF.rawValue): ("RTA_IIF", .number), Int(RTA_OIF.rawValue): ("RTA_OIF", .number),
        Int(RTA_GATEWAY.rawValue): ("RTA_GATEWAY", .address), Int(RTA_PRIORITY.rawValue): ("RTA_PRIORITY", .number),
        Int(RTA_PREFSRC.rawValue): ("RTA_PREFSRC", .address), Int(RTA_TABLE.rawValue): ("RTA_TABLE", .number),
        Int(RTA_MARK.rawValue): ("RTA_MARK", .number), Int(RTA_IP_PROTO.rawValue): ("RTA_IP_PROTO", .number),
        Int(RTA_SPORT.rawValue): ("RTA_SPORT", .networkNumber),
        Int(RTA_DPORT.rawValue): ("RTA_DPORT", .networkNumber),
    ])

    static let neighbour = AttributeForms([
        Int(NDA_DST): ("NDA_DST", .address), Int(NDA_LLADDR): ("NDA_LLADDR", .bytes),
    ])

    static let traffic = AttributeForms([
        Int(TCA_KIND): ("TCA_KIND", .text), Int(TCA_OPTIONS): ("TCA_OPTIONS", .nested(AttributeForms([:]))),
    ])

    static let flow = AttributeForms([
        Int(CTA_TUPLE_ORIG.rawValue): ("CTA_TUPLE_ORIG", .nested(AttributeForms([:]))),
        Int(CTA_TUPLE_REPLY.rawValue): ("CTA_TUPLE_REPLY", .nested(AttributeForms([:]))),
        Int(CTA_ID.rawValue): ("CTA_ID", .networkNumber),
    ])

    static let generation = AttributeForms([Int(NFTA_GEN_ID.rawValue): ("NFTA_GEN_ID", .networkNumber)])

    static let table = AttributeForms([
        Int(NFTA_TABLE_NAME.rawValue): ("NFTA_TABLE_NAME", .text),
        Int(NFTA_TABLE_FLAGS.rawValue): ("NFTA_TABLE_FLAGS", .networkNumber),
    ])

    static let chain = AttributeForms([
        Int(NFTA_CHAIN_TABLE.rawValue): ("NFTA_CHAIN_TABLE", .text),
        Int(NFTA_CHAIN_NAME.rawValue): ("NFTA_CHAIN_NAME", .text),
        Int(NFTA_CHAIN_TYPE.rawValue): ("NFTA_CHAIN_TYPE", .text),
        Int(NFTA_CHAIN_POLICY.rawValue): ("NFTA_CHAIN_POLICY", .networkNumber),
        Int(NFTA_CHAIN_HOOK.rawValue): (
            "NFTA_CHAIN_HOOK",
            .nested(
                AttributeForms([
                    Int(NFTA_HOOK_HOOKNUM.rawValue): ("NFTA_HOOK_HOOKNUM", .networkNumber),
                    Int(NFTA_HOOK_PRIORITY.rawValue): ("NFTA_HOOK_PRIORITY", .networkNumber),
                ]))
        ),
    ])

    static let rule = AttributeForms([
        Int(NFTA_RULE_TABLE.rawValue): ("NFTA_RULE_TABLE", .text),
        Int(NFTA_RULE_CHAIN.rawValue): ("NFTA_RULE_CHAIN", .text),
        Int(NFTA_RULE_HANDLE.rawValue): ("NFTA_RULE_HANDLE", .networkNumber),
        Int(NFTA_RULE_POSITION.rawValue): ("NFTA_RULE_POSITION", .networkNumber),
        Int(NFTA_RULE_ID.rawValue): ("NFTA_RULE_ID", .networkNumber),
        Int(NFTA_RULE_USERDATA.rawValue): ("NFTA_RULE_USERDATA", .bytes),
        Int(NFTA_RULE_EXPRESSIONS.rawValue): (
            "NFTA_RULE_EXPRESSIONS", .nested(AttributeForms([:], element: ("NFTA_LIST_ELEM", .nested(expression))))
        ),
    ])

    /// What the data means is said by the expression's name.
    private static let expression = AttributeForms([
        Int(NFTA_EXPR_NAME.rawValue): ("NFTA_EXPR_NAME", .text),
        Int(NFTA_EXPR_DATA.rawValue): ("NFTA_EXPR_DATA", .nested(AttributeForms([:]))),
    ])

    static let set = AttributeForms([
        Int(NFTA_SET_TABLE.rawValue): ("NFTA_SET_TABLE", .text), Int(NFTA_SET_NAME.rawValue): ("NFTA_SET_NAME", .text),
        Int(NFTA_SET_FLAGS.rawValue): ("NFTA_SET_FLAGS", .networkNumber),
        Int(NFTA_SET_KEY_TYPE.rawValue): ("NFTA_SET_KEY_TYPE", .networkNumber),
        Int(NFTA_SET_KEY_LEN.rawValue): ("NFTA_SET_KEY_LEN", .networkNumber),
        Int(NFTA_SET_DATA_TYPE.rawValue): ("NFTA_SET_DATA_TYPE", .networkNumber),
        Int(NFTA_SET_DATA_LEN.rawValue): ("NFTA_SET_DATA_LEN", .networkNumber),
        Int(NFTA_SET_ID.rawValue): ("NFTA_SET_ID", .networkNumber),
        Int(NFTA_SET_USERDATA.rawValue): ("NFTA_SET_USERDATA", .bytes),
        Int(NFTA_SET_DESC.rawValue): ("NFTA_SET_DESC", .nested(description)),
    ])

    private static let description = AttributeForms([
        Int(NFTA_SET_DESC_CONCAT.rawValue): (
            "NFTA_SET_DESC_CONCAT",
            .nested(
                AttributeForms(
                    [:],
                    element: (
                        "NFTA_LIST_ELEM",
                        .nested(
                            AttributeForms([
                                Int(NFTA_SET_FIELD_LEN.rawValue): ("NFTA_SET_FIELD_LEN", .networkNumber)
                            ]))
                    )))
        )
    ])

    static let elements = AttributeForms([
        Int(NFTA_SET_ELEM_LIST_TABLE.rawValue): ("NFTA_SET_ELEM_LIST_TABLE", .text),
        Int(NFTA_SET_ELEM_LIST_SET.rawValue): ("NFTA_SET_ELEM_LIST_SET", .text),
        Int(NFTA_SET_ELEM_LIST_SET_ID.rawValue): ("NFTA_SET_ELEM_LIST_SET_ID", .networkNumber),
        Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue): (
            "NFTA_SET_ELEM_LIST_ELEMENTS", .nested(AttributeForms([:], element: ("NFTA_LIST_ELEM", .nested(element))))
        ),
    ])

    private static let element = AttributeForms([
        Int(NFTA_SET_ELEM_KEY.rawValue): ("NFTA_SET_ELEM_KEY", .nested(data)),
        Int(NFTA_SET_ELEM_KEY_END.rawValue): ("NFTA_SET_ELEM_KEY_END", .nested(data)),
        Int(NFTA_SET_ELEM_DATA.rawValue): ("NFTA_SET_ELEM_DATA", .nested(data)),
        Int(NFTA_SET_ELEM_FLAGS.rawValue): ("NFTA_SET_ELEM_FLAGS", .networkNumber),
        Int(NFTA_SET_ELEM_USERDATA.rawValue): ("NFTA_SET_ELEM_USERDATA", .bytes),
    ])

    private static let data = AttributeForms([Int(NFTA_DATA_VALUE.rawValue): ("NFTA_DATA_VALUE", .bytes)])
}
