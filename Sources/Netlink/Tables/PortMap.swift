import CNetlink
import Core
import Glibc

/// A map from ports to ports that one rule has to itself: it has no name, never changes, and goes with the rule
/// (NFT_SET_ANONYMOUS, nf_tables_api.c).
struct PortMap {
    let first: UInt16
    let ports: ClosedRange<UInt16>

    /// Nil of a rule that needs none.
    init?(of rule: PacketRule) {
        guard case .translateDestination(_, .moved(let first, let ports)) = rule.action else { return nil }
        (self.first, self.ports) = (first, ports)
    }

    /// In a message; an attribute is at most 64 KiB long, and an element 28 bytes.
    static let elementsAtOnce = 2000

    /// What messages about it take, in bytes.
    var length: Int { 512 + ports.count * 32 }

    var elements: [(key: UInt16, value: UInt16)] { ports.enumerated().map { (first + UInt16($0.offset), $0.element) } }
}

extension RequestBatch {
    /// What nft calls it: the kernel finds it by its number, and numbers it anew.
    private static let mapName = "__map%d"

    /// - Parameter id: a number of its own in this transaction.
    mutating func add(_ map: PortMap, to table: String, _ id: UInt32) {
        let flags = NFT_SET_ANONYMOUS.rawValue | NFT_SET_CONSTANT.rawValue | NFT_SET_MAP.rawValue
        addSet(Self.mapName, to: table, flags: flags, key: [.port], id)
        put(Int(NFTA_SET_DATA_TYPE.rawValue), bigEndian: PacketMapField.port.number)
        put(Int(NFTA_SET_DATA_LEN.rawValue), bigEndian: UInt32(PacketMapField.port.length))
        var rest = map.elements[...]
        while !rest.isEmpty {
            add(rest.prefix(PortMap.elementsAtOnce), to: table, id)
            rest = rest.dropFirst(PortMap.elementsAtOnce)
        }
    }

    /// - Parameter id: a number of its own in this transaction.
    mutating func addSet(_ name: String, to table: String, flags: UInt32, key: [PacketMapField], _ id: UInt32) {
        beginChange(NFT_MSG_NEWSET, NLM_F_CREATE, PacketTableChange.addingMap, name)
        put(Int(NFTA_SET_TABLE.rawValue), table)
        put(Int(NFTA_SET_NAME.rawValue), name)
        put(Int(NFTA_SET_FLAGS.rawValue), bigEndian: flags)
        put(Int(NFTA_SET_KEY_TYPE.rawValue), bigEndian: key.number)
        put(Int(NFTA_SET_KEY_LEN.rawValue), bigEndian: UInt32(key.length))
        put(Int(NFTA_SET_ID.rawValue), bigEndian: id)
    }

    private mutating func add(_ elements: ArraySlice<(key: UInt16, value: UInt16)>, to table: String, _ id: UInt32) {
        beginChange(NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add elements to map", table)
        put(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), table)
        put(Int(NFTA_SET_ELEM_LIST_SET.rawValue), Self.mapName)
        put(Int(NFTA_SET_ELEM_LIST_SET_ID.rawValue), bigEndian: id)
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { list in
            for element in elements {
                list.nest(Int(NFTA_LIST_ELEM.rawValue)) { part in
                    part.put(Int(NFTA_SET_ELEM_KEY.rawValue), value: element.key)
                    part.put(Int(NFTA_SET_ELEM_DATA.rawValue), value: element.value)
                }
            }
        }
    }

    private mutating func put(_ type: Int, value port: UInt16) {
        nest(type) { $0.put(Int(NFTA_DATA_VALUE.rawValue), port.networkBytes) }
    }

    /// From the packet into the second register.
    mutating func lookUpDestinationPort(in map: UInt32) {
        expression("payload") { payload in
            payload.put(Int(NFTA_PAYLOAD_DREG.rawValue), bigEndian: NFT_REG_2.rawValue)
            payload.put(Int(NFTA_PAYLOAD_BASE.rawValue), bigEndian: NFT_PAYLOAD_TRANSPORT_HEADER.rawValue)
            payload.put(Int(NFTA_PAYLOAD_OFFSET.rawValue), bigEndian: UInt32(2))
            payload.put(Int(NFTA_PAYLOAD_LEN.rawValue), bigEndian: UInt32(2))
        }
        expression("lookup") { lookup in
            lookup.put(Int(NFTA_LOOKUP_SET.rawValue), Self.mapName)
            lookup.put(Int(NFTA_LOOKUP_SET_ID.rawValue), bigEndian: map)
            lookup.put(Int(NFTA_LOOKUP_SREG.rawValue), bigEndian: NFT_REG_2.rawValue)
            lookup.put(Int(NFTA_LOOKUP_DREG.rawValue), bigEndian: NFT_REG_2.rawValue)
        }
    }
}
