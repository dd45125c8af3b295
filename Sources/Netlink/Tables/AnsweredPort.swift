import CNetlink
import Core
import Glibc

/// A port of an address of this network namespace itself, at which a program is asked that listens at other ones: so another program
/// may have that port at every address, and both are there.
package struct AnsweredPort: Equatable, Sendable {
    /// Of IPv4.
    package let address: IPAddress
    package let port: UInt16
    /// Where the program listens.
    package let udp: UInt16
    package let tcp: UInt16

    package init(_ address: IPAddress, port: UInt16, udp: UInt16, tcp: UInt16) {
        self.address = address
        self.port = port
        self.udp = udp
        self.tcp = tcp
    }
}

extension NFTablesSocket {
    /// Has nftables write the port of what goes there, and of what comes from there, anew. Both go by the hook of what is sent, as
    /// none of it leaves the namespace. Nothing is remembered of a connection: the namespace's packets are not tracked for it,
    /// and what tracks them for its own purpose sees questions and answers that belong together, as the question is
    /// changed before it and the answer behind it.
    package mutating func answer(at port: AnsweredPort) throws(OperationError) {
        var batch = RequestBatch(capacity: 16 << 10)
        let table = "mydocker"
        batch.beginTransaction(table)
        batch.addTable(table)
        batch.addChain("questions", of: table, PacketHook("filter", .output, priority: -300))
        batch.addChain("answers", of: table, PacketHook("filter", .output, priority: 100))
        for (transport, inside) in [(Transport.udp, port.udp), (.tcp, port.tcp)] {
            batch.rewrite(.destination, of: transport, port, from: port.port, to: inside, in: ("questions", table))
            batch.rewrite(.source, of: transport, port, from: inside, to: port.port, in: ("answers", table))
        }
        batch.endTransaction(table)
        try socket.perform(batch)
    }
}

/// One of the two that have ports.
private struct Transport {
    let number: UInt8
    /// Of its checksum, in the header.
    let checksum: UInt32

    static let udp = Transport(number: UInt8(IPPROTO_UDP), checksum: 6)
    static let tcp = Transport(number: UInt8(IPPROTO_TCP), checksum: 16)
}

/// Where an address and a port stand, in the headers of IPv4 and of UDP and TCP.
private struct End {
    let address: UInt32
    let port: UInt32

    static let source = End(address: 12, port: 0)
    static let destination = End(address: 16, port: 2)
}

extension RequestBatch {
    mutating func addTable(_ name: String) {
        beginChange(NFT_MSG_NEWTABLE, NLM_F_CREATE, "add table", name)
        put(Int(NFTA_TABLE_NAME.rawValue), name)
    }

    /// - Parameter hook: where packets come by; nil is a chain that rules jump to.
    mutating func addChain(_ name: String, of table: String, _ hook: PacketHook?) {
        beginChange(NFT_MSG_NEWCHAIN, NLM_F_CREATE, "add chain", name)
        put(Int(NFTA_CHAIN_TABLE.rawValue), table)
        put(Int(NFTA_CHAIN_NAME.rawValue), name)
        guard let hook else { return }
        put(Int(NFTA_CHAIN_TYPE.rawValue), hook.kind)
        nest(Int(NFTA_CHAIN_HOOK.rawValue)) { batch in
            batch.put(Int(NFTA_HOOK_HOOKNUM.rawValue), bigEndian: hook.number)
            batch.put(Int(NFTA_HOOK_PRIORITY.rawValue), bigEndian: hook.priority)
        }
    }

    fileprivate mutating func rewrite(
        _ end: End, of transport: Transport, _ port: AnsweredPort, from old: UInt16, to new: UInt16,
        in chain: (name: String, table: String)
    ) {
        beginChange(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add rule", chain.name)
        put(Int(NFTA_RULE_TABLE.rawValue), chain.table)
        put(Int(NFTA_RULE_CHAIN.rawValue), chain.name)
        nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { batch in
            batch.load(NFT_PAYLOAD_NETWORK_HEADER, end.address, 4)
            batch.compare(port.address.bytes)
            batch.load(NFT_PAYLOAD_NETWORK_HEADER, 9, 1)
            batch.compare([transport.number])
            batch.load(NFT_PAYLOAD_TRANSPORT_HEADER, end.port, 2)
            batch.compare(old.networkBytes)
            batch.set(NFT_REG_1, new.networkBytes)
            batch.storePort(end, transport)
        }
    }

    mutating func load(
        _ header: nft_payload_bases, _ offset: UInt32, _ length: UInt32, into register: nft_registers = NFT_REG_1
    ) {
        expression("payload") { payload in
            payload.put(Int(NFTA_PAYLOAD_DREG.rawValue), bigEndian: register.rawValue)
            payload.put(Int(NFTA_PAYLOAD_BASE.rawValue), bigEndian: header.rawValue)
            payload.put(Int(NFTA_PAYLOAD_OFFSET.rawValue), bigEndian: offset)
            payload.put(Int(NFTA_PAYLOAD_LEN.rawValue), bigEndian: length)
        }
    }

    mutating func set(_ register: nft_registers, _ bytes: [UInt8]) {
        expression("immediate") { immediate in
            immediate.put(Int(NFTA_IMMEDIATE_DREG.rawValue), bigEndian: register.rawValue)
            immediate.nest(Int(NFTA_IMMEDIATE_DATA.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes) }
        }
    }

    private mutating func storePort(_ end: End, _ transport: Transport) {
        expression("payload") { payload in
            payload.put(Int(NFTA_PAYLOAD_SREG.rawValue), bigEndian: NFT_REG_1.rawValue)
            payload.put(Int(NFTA_PAYLOAD_BASE.rawValue), bigEndian: NFT_PAYLOAD_TRANSPORT_HEADER.rawValue)
            payload.put(Int(NFTA_PAYLOAD_OFFSET.rawValue), bigEndian: end.port)
            payload.put(Int(NFTA_PAYLOAD_LEN.rawValue), bigEndian: UInt32(2))
            payload.put(Int(NFTA_PAYLOAD_CSUM_TYPE.rawValue), bigEndian: NFT_PAYLOAD_CSUM_INET.rawValue)
            payload.put(Int(NFTA_PAYLOAD_CSUM_OFFSET.rawValue), bigEndian: transport.checksum)
        }
    }
}
