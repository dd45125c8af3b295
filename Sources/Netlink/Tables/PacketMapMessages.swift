import CNetlink
import Core
import Glibc

/// Maps, their elements, and the rules that ask them (<linux/netfilter/nf_tables.h>).
extension RequestBatch {
    /// One that is there already stays as it is.
    mutating func add(_ map: PacketMap, to table: String, _ id: UInt32) {
        let key = map.keyFields(of: family)
        let value = map.valueFields(of: family)
        let isRange = map.isInterval && key.count > 1
        let flags =
            NFT_SET_MAP.rawValue | (map.isInterval ? NFT_SET_INTERVAL.rawValue : 0)
            | (isRange ? NFT_SET_CONCAT.rawValue : 0)
        addSet(map.name, to: table, flags: flags, key: key, id)
        put(Int(NFTA_SET_DATA_TYPE.rawValue), bigEndian: value?.number ?? NFT_DATA_VERDICT.rawValue)
        if let value { put(Int(NFTA_SET_DATA_LEN.rawValue), bigEndian: UInt32(value.length)) }
        if isRange { describe(key) }
        if map.isOfNames { put(Int(NFTA_SET_USERDATA.rawValue), PacketMap.hostByteOrder) }
    }

    /// Where the parts of a key are, of which each may be an interval.
    private mutating func describe(_ fields: [PacketMapField]) {
        nest(Int(NFTA_SET_DESC.rawValue)) { description in
            description.nest(Int(NFTA_SET_DESC_CONCAT.rawValue)) { list in
                for field in fields {
                    list.nest(Int(NFTA_LIST_ELEM.rawValue)) {
                        $0.put(Int(NFTA_SET_FIELD_LEN.rawValue), bigEndian: UInt32(field.length))
                    }
                }
            }
        }
    }

    mutating func removeMap(_ name: String, from table: String) {
        beginChange(NFT_MSG_DELSET, 0, "remove map", name)
        put(Int(NFTA_SET_TABLE.rawValue), table)
        put(Int(NFTA_SET_NAME.rawValue), name)
    }

    // MARK: Elements

    mutating func add(_ element: PacketElement, to map: String, of table: String) {
        beginChange(NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add element to map", map)
        putElement(element.key, map, table) { part in
            part.nest(Int(NFTA_SET_ELEM_DATA.rawValue)) { $0.put(value: element.action) }
            part.put(
                Int(NFTA_SET_ELEM_USERDATA.rawValue), RuleNotes.bytes(comment: element.comment, note: element.note))
        }
    }

    mutating func removeElement(_ key: PacketElement.Key, from map: String, of table: String) {
        beginChange(NFT_MSG_DELSETELEM, 0, "remove element from map", map)
        putElement(key, map, table) { _ in }
    }

    /// Asks for the element that begins there.
    mutating func getElement(_ key: PacketElement.Key, of map: String, _ table: String) {
        begin(
            Int(NFTables.type(NFT_MSG_GETSETELEM)), NLM_F_ACK, NFTables.header(NFTables.number(of: family)),
            Label(operation: "read map", subject: map), asks: true)
        putPlace(map, table)
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { list in
            list.nest(Int(NFTA_LIST_ELEM.rawValue)) { $0.put(key.bounds) }
        }
    }

    /// A dump.
    /// - Parameter family: of the table, one of NFPROTO_*.
    mutating func getElements(of map: String, _ table: String, _ family: UInt8) {
        begin(
            Int(NFTables.type(NFT_MSG_GETSETELEM)), netlinkDumpFlags, NFTables.header(family),
            Label(operation: "read map", subject: map), asks: true)
        putPlace(map, table)
    }

    private mutating func putPlace(_ map: String, _ table: String) {
        put(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), table)
        put(Int(NFTA_SET_ELEM_LIST_SET.rawValue), map)
    }

    /// A subnet is where it begins, and where it ends.
    private mutating func putElement(
        _ key: PacketElement.Key, _ map: String, _ table: String, _ rest: (inout RequestBatch) -> Void
    ) {
        putPlace(map, table)
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { list in
            list.nest(Int(NFTA_LIST_ELEM.rawValue)) { part in
                part.put(key.bounds)
                rest(&part)
            }
            guard let end = key.end else { return }
            list.nest(Int(NFTA_LIST_ELEM.rawValue)) { part in
                part.put(PacketElement.Bounds(first: end, last: nil))
                part.put(Int(NFTA_SET_ELEM_FLAGS.rawValue), bigEndian: NFT_SET_ELEM_INTERVAL_END.rawValue)
            }
        }
    }

    private mutating func put(_ bounds: PacketElement.Bounds) {
        nest(Int(NFTA_SET_ELEM_KEY.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bounds.first) }
        guard let last = bounds.last else { return }
        nest(Int(NFTA_SET_ELEM_KEY_END.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), last) }
    }

    /// A verdict, or an address with a port behind it, as registers have them.
    private mutating func put(value action: PacketRule.Action) {
        guard case .translateDestination(let address, let ports) = action else { return put(verdict: action) }
        var value = address.bytes
        if case .any(let range) = ports { value += range.lowerBound.registerBytes }
        put(Int(NFTA_DATA_VALUE.rawValue), value)
    }

    // MARK: Rules

    mutating func addLookup(
        _ map: PacketMap, to chain: String, of table: String, _ place: PacketTableChange.RulePlace, _ id: UInt32
    ) {
        beginRule(of: chain, table, place, id)
        nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { $0.putLookup(map) }
        put(Int(NFTA_RULE_USERDATA.rawValue), RuleNotes.bytes(comment: "", note: map.note))
    }

    /// What a rule that asks a map consists of.
    mutating func putLookup(_ map: PacketMap) {
        switch map.key {
        case .input: load(NFT_META_IIFNAME)
        case .output: load(NFT_META_OIFNAME)
        case .source: load(NFT_PAYLOAD_NETWORK_HEADER, family == .ipv4 ? 12 : 8, UInt32(family.bits / 8))
        case .port(let place), .range(let place): loadPort(of: place)
        }
        let isVerdict = map.valueFields(of: family) == nil
        expression("lookup") { lookup in
            lookup.put(Int(NFTA_LOOKUP_SET.rawValue), map.name)
            lookup.put(Int(NFTA_LOOKUP_SREG.rawValue), bigEndian: NFT_REG_1.rawValue)
            lookup.put(
                Int(NFTA_LOOKUP_DREG.rawValue), bigEndian: isVerdict ? NFT_REG_VERDICT.rawValue : NFT_REG_1.rawValue)
        }
        if isVerdict { return }
        // Behind an address, which begins in the first register.
        let behind = family == .ipv4 ? NFT_REG32_01 : NFT_REG_2
        if case .port = map.key { return translate(NFT_NAT_DNAT, family, ports: (behind, nil)) }
        translate(NFT_NAT_DNAT, family, ports: nil)
    }

    /// The transport, the address and the port, each in registers of four bytes behind the other. Whatever else has no port there: no key
    /// is of its transport.
    private mutating func loadPort(of place: PacketMap.Place) {
        load(NFT_META_L4PROTO)
        var register = NFT_REG32_00.rawValue + 1
        if place == .address {
            load(
                NFT_PAYLOAD_NETWORK_HEADER, family == .ipv4 ? 16 : 24, UInt32(family.bits / 8),
                into: nft_registers(rawValue: register))
            register += UInt32(family.bits / 32)
        }
        load(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, into: nft_registers(rawValue: register))
    }
}

extension PacketMap {
    /// NFTNL_UDATA_SET_KEYBYTEORDER of BYTEORDER_HOST_ENDIAN, without which nft shows no names (libnftnl/udata.h, datatype.h).
    fileprivate static let hostByteOrder: [UInt8] = [0, 4] + withUnsafeBytes(of: UInt32(1)) { Array($0) }

    fileprivate var isOfNames: Bool { key == .input || key == .output }
}
