import CNetlink
import Core
import Glibc

/// A map of a table, by which packets of one interface or subnet go on to a chain of their own: `vmap` of nft(8). The kernel finds
/// what is meant for a packet at once, however much is in the map.
package struct VerdictMap: Hashable, Sendable {
    /// What of a packet is looked up.
    package enum Key: Hashable, Sendable {
        case input, output
        /// The source address, among subnets that do not overlap.
        case source
    }

    package let name: String
    package let key: Key

    package init(_ name: String, _ key: Key) {
        self.name = name
        self.key = key
    }
}

/// What a map says of one interface or subnet.
package struct VerdictElement: Equatable, Sendable {
    package enum Key: Hashable, Sendable {
        case interface(String)
        case subnet(Subnet)

        /// As the kernel compares it: names are filled up with zeros (IFNAMSIZ), of a subnet this is the first address.
        package var bytes: [UInt8] {
            switch self {
            case .interface(let name): Array((Array(name.utf8) + [UInt8](repeating: 0, count: 16)).prefix(16))
            case .subnet(let subnet): subnet.first.bytes
            }
        }

        /// The address behind a subnet, where the interval ends; nil where there is none, and of an interface.
        fileprivate var end: [UInt8]? {
            guard case .subnet(let subnet) = self else { return nil }
            return subnet.last.advanced(by: 1)?.bytes
        }
    }

    package let key: Key
    /// A verdict.
    package let action: PacketRule.Action
    /// As `PacketRule.note`.
    package let note: [UInt8]

    package init(_ key: Key, _ action: PacketRule.Action, note: [UInt8]) {
        self.key = key
        self.action = action
        self.note = note
    }
}

// MARK: - Messages

extension RequestBatch {
    /// One that is there already stays as it is.
    mutating func add(_ map: VerdictMap, to table: String, _ id: UInt32) {
        let isInterval = map.key == .source
        let flags = NFT_SET_MAP.rawValue | (isInterval ? NFT_SET_INTERVAL.rawValue : 0)
        addSet(map.name, to: table, flags: flags, key: map.keyType(family), id)
        put(Int(NFTA_SET_DATA_TYPE.rawValue), bigEndian: NFT_DATA_VERDICT.rawValue)
        if !isInterval { put(Int(NFTA_SET_USERDATA.rawValue), VerdictMap.hostByteOrder) }
    }

    mutating func removeMap(_ name: String, from table: String) {
        beginChange(NFT_MSG_DELSET, 0, "remove map", name)
        put(Int(NFTA_SET_TABLE.rawValue), table)
        put(Int(NFTA_SET_NAME.rawValue), name)
    }

    mutating func add(_ element: VerdictElement, to map: String, of table: String) {
        beginChange(NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add element to map", map)
        putElement(element.key, map, table) { part in
            part.nest(Int(NFTA_SET_ELEM_DATA.rawValue)) { $0.put(verdict: element.action) }
            part.put(Int(NFTA_SET_ELEM_USERDATA.rawValue), RuleNotes.bytes(comment: "", note: element.note))
        }
    }

    mutating func removeElement(_ key: VerdictElement.Key, from map: String, of table: String) {
        beginChange(NFT_MSG_DELSETELEM, 0, "remove element from map", map)
        putElement(key, map, table) { _ in }
    }

    /// Asks for the element that begins there.
    mutating func getElement(_ key: VerdictElement.Key, of map: String, _ table: String) {
        begin(
            Int(NFTables.type(NFT_MSG_GETSETELEM)), NLM_F_ACK, NFTables.header(NFTables.number(of: family)),
            Label(operation: "read map", subject: map), asks: true)
        putPlace(map, table)
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { list in
            list.nest(Int(NFTA_LIST_ELEM.rawValue)) { $0.putKey(key.bytes) }
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
        _ key: VerdictElement.Key, _ map: String, _ table: String, _ rest: (inout RequestBatch) -> Void
    ) {
        putPlace(map, table)
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { list in
            list.nest(Int(NFTA_LIST_ELEM.rawValue)) { part in
                part.putKey(key.bytes)
                rest(&part)
            }
            guard let end = key.end else { return }
            list.nest(Int(NFTA_LIST_ELEM.rawValue)) { part in
                part.putKey(end)
                part.put(Int(NFTA_SET_ELEM_FLAGS.rawValue), bigEndian: NFT_SET_ELEM_INTERVAL_END.rawValue)
            }
        }
    }

    private mutating func putKey(_ bytes: [UInt8]) {
        nest(Int(NFTA_SET_ELEM_KEY.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes) }
    }

    /// Behind the chain's other rules.
    mutating func addLookup(_ map: VerdictMap, to chain: String, of table: String, _ id: UInt32) {
        beginChange(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add rule", chain)
        put(Int(NFTA_RULE_TABLE.rawValue), table)
        put(Int(NFTA_RULE_CHAIN.rawValue), chain)
        put(Int(NFTA_RULE_ID.rawValue), bigEndian: id)
        nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { batch in
            switch map.key {
            case .input: batch.load(NFT_META_IIFNAME)
            case .output: batch.load(NFT_META_OIFNAME)
            case .source: batch.loadSource()
            }
            batch.expression("lookup") { lookup in
                lookup.put(Int(NFTA_LOOKUP_SET.rawValue), map.name)
                lookup.put(Int(NFTA_LOOKUP_SREG.rawValue), bigEndian: NFT_REG_1.rawValue)
                lookup.put(Int(NFTA_LOOKUP_DREG.rawValue), bigEndian: NFT_REG_VERDICT.rawValue)
            }
        }
        put(Int(NFTA_RULE_USERDATA.rawValue), RuleNotes.bytes(comment: "", note: map.note))
    }

    private mutating func loadSource() {
        load(NFT_PAYLOAD_NETWORK_HEADER, family == .ipv4 ? 12 : 8, UInt32(family.bits / 8))
    }
}

extension VerdictMap {
    /// By which the rule that asks the map is found again.
    package var note: [UInt8] { Array(name.utf8) }

    /// NFTNL_UDATA_SET_KEYBYTEORDER of BYTEORDER_HOST_ENDIAN, without which nft shows no names (libnftnl/udata.h, datatype.h).
    fileprivate static let hostByteOrder: [UInt8] = [0, 4] + withUnsafeBytes(of: UInt32(1)) { Array($0) }

    /// TYPE_IFNAME, TYPE_IPADDR and TYPE_IP6ADDR of nft (datatype.h), by which it shows the elements, and their length.
    fileprivate func keyType(_ family: AddressFamily) -> (number: UInt32, length: UInt32) {
        if key != .source { return (41, 16) }
        return family == .ipv4 ? (7, 4) : (8, 16)
    }
}

// MARK: - Text

extension VerdictMap {
    /// As nft(8) reads it.
    package func text(of family: AddressFamily) -> String {
        switch key {
        case .input, .output: "{ type ifname : verdict; }"
        case .source: "{ type \(family == .ipv4 ? "ipv4" : "ipv6")_addr : verdict; flags interval; }"
        }
    }

    package func lookupText(of family: AddressFamily) -> String {
        let field =
            switch key {
            case .input: "iifname"
            case .output: "oifname"
            case .source: "\(family == .ipv4 ? "ip" : "ip6") saddr"
            }
        return "\(field) vmap @\(name)"
    }
}

extension VerdictElement {
    /// - Throws: for the name of an interface that nft has no way to write.
    package func text() throws(OperationError) -> String { "\(try key.text()) : \(action.text(transport: ""))" }
}

extension VerdictElement.Key {
    /// - Throws: as `VerdictElement.text`.
    package func text() throws(OperationError) -> String {
        switch self {
        case .interface(let name): try PacketRule.quoted(name)
        case .subnet(let subnet): "\(subnet)"
        }
    }
}
