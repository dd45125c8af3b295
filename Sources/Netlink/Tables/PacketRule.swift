import CNetlink
import Core
import Glibc

/// A rule of nftables about packets of one family: what they must be like, and what becomes of them (<linux/netfilter/nf_tables.h>).
package struct PacketRule: Equatable, Sendable {
    package enum Test: Equatable, Sendable {
        case source(Subnet, isNegated: Bool)
        case destination(Subnet, isNegated: Bool)
        case input(String, isNegated: Bool)
        case output(String, isNegated: Bool)
        /// Of IP.
        case transport(UInt8)
        case destinationPorts(ClosedRange<UInt16>)
        /// The destination is one of this host's addresses.
        case isToThisHost
        /// Any of these bits of connection tracking's state (NF_CT_STATE_BIT), or none of them.
        case state(UInt32, isNegated: Bool)
        /// Any of these bits of a connection's status (enum ip_conntrack_status), or none of them.
        case status(UInt32, isNegated: Bool)
    }

    /// The port that a packet's becomes.
    package enum Ports: Equatable, Sendable {
        case kept
        /// Whichever of them the kernel chooses.
        case any(of: ClosedRange<UInt16>)
        /// The first one becomes the first of them, and so on, as far as they go: a map that the rule has to itself.
        case moved(from: UInt16, to: ClosedRange<UInt16>)
    }

    package enum Action: Equatable, Sendable {
        package typealias Ports = PacketRule.Ports

        case accept, drop, goBack
        case jump(String)
        case masquerade
        case translateSource(IPAddress)
        case translateDestination(IPAddress, Ports)
    }

    package let tests: [Test]
    package let action: Action
    /// What `nft` shows behind the rule; empty is none.
    package let comment: String
    /// What whoever made it wants to find again, 128 bytes and some more (NFT_USERDATA_MAXLEN is 256, with the comment).
    package let note: [UInt8]

    package init(_ tests: [Test], _ action: Action, comment: String, note: [UInt8]) {
        self.tests = tests
        self.action = action
        self.comment = comment
        self.note = note
    }
}

// MARK: - Messages

extension RequestBatch {
    /// - Parameter map: the number of the rule's map in this transaction, where it has one.
    mutating func put(_ rule: PacketRule, map: UInt32) {
        nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { batch in
            for test in rule.tests { batch.put(test) }
            batch.expression("counter") { counter in
                counter.put(Int(NFTA_COUNTER_BYTES.rawValue), bigEndian: UInt64(0))
                counter.put(Int(NFTA_COUNTER_PACKETS.rawValue), bigEndian: UInt64(0))
            }
            batch.put(rule.action, map)
        }
        put(Int(NFTA_RULE_USERDATA.rawValue), RuleNotes.bytes(comment: rule.comment, note: rule.note))
    }

    private mutating func put(_ test: PacketRule.Test) {
        switch test {
        case .source(let subnet, let isNegated):
            compareAddress(subnet.family == .ipv4 ? 12 : 8, subnet, isNegated)
        case .destination(let subnet, let isNegated):
            compareAddress(subnet.family == .ipv4 ? 16 : 24, subnet, isNegated)
        case .input(let name, let isNegated): compareInterface(NFT_META_IIFNAME, name, isNegated)
        case .output(let name, let isNegated): compareInterface(NFT_META_OIFNAME, name, isNegated)
        case .transport(let number):
            load(NFT_META_L4PROTO)
            compare([number])
        case .destinationPorts(let ports):
            load(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2)
            if ports.count == 1 { return compare(ports.lowerBound.networkBytes) }
            compare(ports.lowerBound.networkBytes, NFT_CMP_GTE)
            compare(ports.upperBound.networkBytes, NFT_CMP_LTE)
        case .isToThisHost:
            loadAddressType()
            compare(UInt32(RTN_LOCAL).hostBytes)
        case .state(let bits, let isNegated): compareConnection(NFT_CT_STATE, bits, isNegated)
        case .status(let bits, let isNegated): compareConnection(NFT_CT_STATUS, bits, isNegated)
        }
    }

    /// - Parameter offset: in the header of IPv4 or IPv6.
    private mutating func compareAddress(_ offset: UInt32, _ subnet: Subnet, _ isNegated: Bool) {
        load(NFT_PAYLOAD_NETWORK_HEADER, offset, UInt32(subnet.family.bits / 8))
        if subnet.prefixLength < subnet.family.bits { and(subnet.mask.bytes) }
        compare(subnet.first.bytes, isNegated ? NFT_CMP_NEQ : NFT_CMP_EQ)
    }

    private mutating func compareInterface(_ key: nft_meta_keys, _ name: String, _ isNegated: Bool) {
        load(key)
        compare(Array(name.utf8) + [0], isNegated ? NFT_CMP_NEQ : NFT_CMP_EQ)
    }

    /// What connection tracking knows is in host byte order.
    private mutating func compareConnection(_ key: nft_ct_keys, _ bits: UInt32, _ isNegated: Bool) {
        expression("ct") { connection in
            connection.put(Int(NFTA_CT_KEY.rawValue), bigEndian: key.rawValue)
            connection.put(Int(NFTA_CT_DREG.rawValue), bigEndian: NFT_REG_1.rawValue)
        }
        and(bits.hostBytes)
        compare(UInt32(0).hostBytes, isNegated ? NFT_CMP_EQ : NFT_CMP_NEQ)
    }

    mutating func load(_ key: nft_meta_keys) {
        expression("meta") { meta in
            meta.put(Int(NFTA_META_KEY.rawValue), bigEndian: key.rawValue)
            meta.put(Int(NFTA_META_DREG.rawValue), bigEndian: NFT_REG_1.rawValue)
        }
    }

    /// RTN_LOCAL, RTN_UNICAST and so on, of the destination.
    private mutating func loadAddressType() {
        expression("fib") { fib in
            fib.put(Int(NFTA_FIB_DREG.rawValue), bigEndian: NFT_REG_1.rawValue)
            fib.put(Int(NFTA_FIB_RESULT.rawValue), bigEndian: NFT_FIB_RESULT_ADDRTYPE.rawValue)
            fib.put(Int(NFTA_FIB_FLAGS.rawValue), bigEndian: NFTA_FIB_F_DADDR.rawValue)
        }
    }

    private mutating func and(_ mask: [UInt8]) {
        expression("bitwise") { bitwise in
            bitwise.put(Int(NFTA_BITWISE_SREG.rawValue), bigEndian: NFT_REG_1.rawValue)
            bitwise.put(Int(NFTA_BITWISE_DREG.rawValue), bigEndian: NFT_REG_1.rawValue)
            bitwise.put(Int(NFTA_BITWISE_LEN.rawValue), bigEndian: UInt32(mask.count))
            bitwise.nest(Int(NFTA_BITWISE_MASK.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), mask) }
            bitwise.nest(Int(NFTA_BITWISE_XOR.rawValue)) {
                $0.put(Int(NFTA_DATA_VALUE.rawValue), [UInt8](repeating: 0, count: mask.count))
            }
        }
    }

    private mutating func put(_ action: PacketRule.Action, _ map: UInt32) {
        if let (verdict, chain) = action.verdict { return decide(verdict, chain) }
        switch action {
        case .accept, .drop, .goBack, .jump: return
        case .masquerade: expression("masq") { _ in }
        case .translateSource(let address): translate(NFT_NAT_SNAT, address, .kept, map)
        case .translateDestination(let address, let ports): translate(NFT_NAT_DNAT, address, ports, map)
        }
    }

    mutating func decide(_ verdict: Int32, _ chain: String? = nil) {
        expression("immediate") { immediate in
            immediate.put(Int(NFTA_IMMEDIATE_DREG.rawValue), bigEndian: NFT_REG_VERDICT.rawValue)
            immediate.nest(Int(NFTA_IMMEDIATE_DATA.rawValue)) { $0.put(verdict: verdict, chain) }
        }
    }

    private mutating func put(verdict: Int32, _ chain: String?) {
        nest(Int(NFTA_DATA_VERDICT.rawValue)) { code in
            code.put(Int(NFTA_VERDICT_CODE.rawValue), bigEndian: verdict)
            if let chain { code.put(Int(NFTA_VERDICT_CHAIN.rawValue), chain) }
        }
    }

    /// Of an action that translates there is none, and nothing is put.
    mutating func put(verdict action: PacketRule.Action) {
        guard let (verdict, chain) = action.verdict else { return }
        put(verdict: verdict, chain)
    }

    /// An address of IPv6 fills the first register, of 16 bytes.
    private mutating func translate(
        _ kind: nft_nat_types, _ address: IPAddress, _ ports: PacketRule.Ports, _ map: UInt32
    ) {
        set(NFT_REG_1, address.bytes)
        switch ports {
        case .kept: translate(kind, address.family, ports: nil)
        case .any(let range):
            set(NFT_REG_2, range.lowerBound.networkBytes)
            if range.count > 1 { set(NFT_REG_3, range.upperBound.networkBytes) }
            translate(kind, address.family, ports: (NFT_REG_2, range.count > 1 ? NFT_REG_3 : nil))
        case .moved:
            lookUpDestinationPort(in: map)
            translate(kind, address.family, ports: (NFT_REG_2, nil))
        }
    }

    /// To the address in the first register.
    /// - Parameter ports: registers of the port, or of the first and the last one; nil keeps it.
    mutating func translate(
        _ kind: nft_nat_types, _ family: AddressFamily, ports: (first: nft_registers, last: nft_registers?)?
    ) {
        expression("nat") { nat in
            nat.put(Int(NFTA_NAT_TYPE.rawValue), bigEndian: kind.rawValue)
            nat.put(Int(NFTA_NAT_FAMILY.rawValue), bigEndian: UInt32(NFTables.number(of: family)))
            nat.put(Int(NFTA_NAT_REG_ADDR_MIN.rawValue), bigEndian: NFT_REG_1.rawValue)
            guard let ports else { return }
            nat.put(Int(NFTA_NAT_REG_PROTO_MIN.rawValue), bigEndian: ports.first.rawValue)
            guard let last = ports.last else { return }
            nat.put(Int(NFTA_NAT_REG_PROTO_MAX.rawValue), bigEndian: last.rawValue)
        }
    }
}

extension PacketRule.Action {
    /// Nil of one that translates.
    package var verdict: (code: Int32, chain: String?)? {
        switch self {
        case .accept: (Int32(CNETLINK_NF_ACCEPT), nil)
        case .drop: (Int32(CNETLINK_NF_DROP), nil)
        case .goBack: (NFT_RETURN.rawValue, nil)
        case .jump(let chain): (NFT_JUMP.rawValue, chain)
        case .masquerade, .translateSource, .translateDestination: nil
        }
    }
}

/// What a rule carries without meaning to the kernel, as nft keeps it: type, length, bytes, one behind the other (libnftnl/udata.h).
enum RuleNotes {
    private static let comment: UInt8 = 0
    /// Ours: nft knows no such type, and leaves it alone.
    private static let note: UInt8 = 0x6d

    static func bytes(comment: String, note: [UInt8] = []) -> [UInt8] {
        var bytes: [UInt8] = []
        let text = Array(comment.utf8) + [0]
        if !comment.isEmpty { bytes += [Self.comment, UInt8(text.count)] + text }
        if !note.isEmpty { bytes += [Self.note, UInt8(note.count)] + note }
        return bytes
    }

    static func comment(_ data: ArraySlice<UInt8>) -> String? {
        find(comment, in: data).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    static func note(_ data: ArraySlice<UInt8>) -> [UInt8]? { find(note, in: data).map { Array($0) } }

    private static func find(_ wanted: UInt8, in data: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = data
        while let type = rest.popFirst(), let length = rest.popFirst(), length <= rest.count {
            let value = rest.prefix(Int(length))
            if type == wanted { return value }
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }
}

extension UInt16 {
    /// As on the wire.
    var networkBytes: [UInt8] { [UInt8(self >> 8), UInt8(self & 0xff)] }
}

extension UInt32 {
    /// As on the wire.
    var networkBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
    fileprivate var hostBytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
