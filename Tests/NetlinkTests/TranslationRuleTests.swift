import CNetlink
import Core
import Testing

@testable import Netlink

/// Rules that iptables-nft has made, of several releases, read as what it was told.
@Suite struct TranslationRuleTests {
    private typealias Part = (inout RequestBatch) -> Void

    private func read(_ parts: [Part]) throws -> TranslationRule? {
        var batch = RequestBatch()
        batch.begin(
            Int(NFTables.type(NFT_MSG_NEWRULE)), 0, NFTables.header(2), .init(operation: "", subject: nil), asks: true)
        batch.nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { list in for part in parts { part(&list) } }
        return TranslationRule(try ReadRule(try #require(try Message.all(in: batch.bytes).first)).expressions)
    }

    // MARK: Expressions

    private func meta(_ key: nft_meta_keys) -> Part {
        { $0.expression("meta") { meta in meta.put(Int(NFTA_META_KEY.rawValue), bigEndian: key.rawValue) } }
    }

    private func payload(_ base: nft_payload_bases, _ offset: UInt32, _ length: UInt32) -> Part {
        {
            $0.expression("payload") { payload in
                payload.put(Int(NFTA_PAYLOAD_BASE.rawValue), bigEndian: base.rawValue)
                payload.put(Int(NFTA_PAYLOAD_OFFSET.rawValue), bigEndian: offset)
                payload.put(Int(NFTA_PAYLOAD_LEN.rawValue), bigEndian: length)
            }
        }
    }

    private func compare(_ bytes: [UInt8], _ relation: nft_cmp_ops = NFT_CMP_EQ) -> Part {
        { $0.compare(bytes, relation) }
    }

    private func mask(_ bytes: [UInt8]) -> Part {
        {
            $0.expression("bitwise") { bitwise in
                bitwise.nest(Int(NFTA_BITWISE_MASK.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes) }
                bitwise.nest(Int(NFTA_BITWISE_XOR.rawValue)) {
                    $0.put(Int(NFTA_DATA_VALUE.rawValue), [UInt8](repeating: 0, count: bytes.count))
                }
            }
        }
    }

    private func xtables(_ kind: String, _ name: String, _ revision: UInt32, _ info: [UInt8]) -> Part {
        let isMatch = kind == "match"
        return {
            $0.expression(kind) { part in
                part.put(Int(isMatch ? NFTA_MATCH_NAME.rawValue : NFTA_TARGET_NAME.rawValue), name)
                part.put(Int(isMatch ? NFTA_MATCH_REV.rawValue : NFTA_TARGET_REV.rawValue), bigEndian: revision)
                part.put(Int(isMatch ? NFTA_MATCH_INFO.rawValue : NFTA_TARGET_INFO.rawValue), info)
            }
        }
    }

    private let counter: Part = { $0.expression("counter") { _ in } }
    private let masquerade: Part = { $0.expression("masq") { _ in } }

    /// struct nf_nat_range2 of one address of IPv4 and one port.
    private func range(_ flags: UInt8, _ port: [UInt8]) -> [UInt8] {
        let address: [UInt8] = [192, 168, 10, 8] + [UInt8](repeating: 0, count: 12)
        return [flags, 0, 0, 0] + address + address + port + port + [0, 0]
    }

    // MARK: Rules

    private func masquerading(
        _ source: [Part], _ output: [Part]? = nil, _ target: Part? = nil
    ) throws -> TranslationRule? {
        let name = output ?? [meta(NFT_META_OIFNAME), compare(Array("one\0".utf8), NFT_CMP_NEQ)]
        return try read(name + source + [counter, target ?? masquerade])
    }

    private var source24: [Part] { [payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 3), compare([192, 168, 10])] }

    @Test func sources() throws {
        let wanted = try #require(Subnet("192.168.10.0/24"))
        for (parts, subnet) in [
            (source24, wanted),
            (
                [
                    payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4), mask([255, 255, 255, 0]), compare([192, 168, 10, 0]),
                ], wanted
            ),
            (
                [
                    payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4), mask([255, 255, 255, 192]),
                    compare([192, 168, 10, 64]),
                ], try #require(Subnet("192.168.10.64/26"))
            ),
        ] {
            let rule = try #require(try masquerading(parts))
            #expect(rule.source == subnet && rule.target == .masquerade)
            #expect(rule.output == .init(name: "one", isNegated: true))
        }
        let target = xtables("target", "MASQUERADE", 0, [1] + [UInt8](repeating: 0, count: 19))
        #expect(try masquerading(source24, nil, target) == masquerading(source24))
    }

    /// One thing more, or another one, and it is a rule of somebody else's.
    @Test func whatAsksForMore() throws {
        let random: Part = {
            $0.expression("masq") { $0.put(Int(NFTA_MASQ_FLAGS.rawValue), bigEndian: UInt32(4)) }
        }
        let flagged = xtables("target", "MASQUERADE", 0, [1, 0, 0, 0, 4] + [UInt8](repeating: 0, count: 15))
        let hole = [payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 4), mask([255, 0, 255, 0]), compare([192, 0, 10, 0])]
        let other = [payload(NFT_PAYLOAD_NETWORK_HEADER, 12, 3), compare([192, 168, 10], NFT_CMP_NEQ)]
        let mark = [meta(NFT_META_MARK), compare([0, 0, 0, 1])]
        let comment = xtables("match", "comment", 0, Array("mine\0".utf8))
        #expect(try masquerading(source24) != nil)
        #expect(try masquerading(source24, nil, random) == nil)
        #expect(try masquerading(source24, nil, flagged) == nil)
        #expect(try masquerading(hole) == nil)
        #expect(try masquerading(other) == nil)
        #expect(try masquerading(source24 + mark) == nil)
        #expect(try masquerading(source24 + [comment]) == nil)
        #expect(try masquerading(source24, [meta(NFT_META_OIFNAME), compare(Array("one".utf8))]) == nil)
        #expect(try read(source24 + [counter]) == nil)
        #expect(try read(source24 + [masquerade, counter]) == nil)
    }

    @Test func publishedPorts() throws {
        let tcp = [meta(NFT_META_L4PROTO), compare([6])]
        let port = [payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2), compare([0, 90])]
        let matched = xtables("match", "tcp", 0, [0, 0, 255, 255, 90, 0, 90, 0, 0, 0, 0, 0])
        let fromPort = xtables("match", "tcp", 0, [7, 0, 7, 0, 90, 0, 90, 0, 0, 0, 0, 0])
        let target = xtables("target", "DNAT", 2, range(3, [0, 80]))
        let address = try #require(IPAddress("192.168.10.8"))
        for parts in [tcp + port, tcp + [matched]] {
            let rule = try #require(try read(parts + [counter, target]))
            #expect(rule.transport == 6 && rule.destinationPorts == 90...90)
            #expect(rule.source == nil && rule.output == nil)
            #expect(rule.target == .destination(address, ports: 80...80))
        }
        #expect(try read(tcp + [fromPort, counter, target]) == nil)
        let kept = xtables("target", "DNAT", 2, range(1, [0, 0]))
        #expect(try read(tcp + port + [kept])?.target == .destination(address, ports: nil))
        #expect(try read(tcp + port + [xtables("target", "DNAT", 2, range(7, [0, 80]))]) == nil)
        #expect(try read(tcp + port + [xtables("target", "REDIRECT", 0, range(3, [0, 80]))]) == nil)
        #expect(try read(tcp + port + [xtables("target", "DNAT", 2, [3, 0])]) == nil)
    }

    /// As nft(8) says it.
    @Test func aTranslationWithRegisters() throws {
        func load(_ register: UInt32, _ bytes: [UInt8]) -> Part {
            {
                $0.expression("immediate") { load in
                    load.put(Int(NFTA_IMMEDIATE_DREG.rawValue), bigEndian: register)
                    load.nest(Int(NFTA_IMMEDIATE_DATA.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes) }
                }
            }
        }
        func nat(_ type: nft_nat_types) -> Part {
            {
                $0.expression("nat") { nat in
                    nat.put(Int(NFTA_NAT_TYPE.rawValue), bigEndian: type.rawValue)
                    nat.put(Int(NFTA_NAT_REG_ADDR_MIN.rawValue), bigEndian: UInt32(1))
                    nat.put(Int(NFTA_NAT_REG_PROTO_MIN.rawValue), bigEndian: UInt32(2))
                }
            }
        }
        let parts = [load(1, [192, 168, 10, 8]), load(2, [0, 80])]
        let address = try #require(IPAddress("192.168.10.8"))
        #expect(try read(parts + [nat(NFT_NAT_DNAT)])?.target == .destination(address, ports: 80...80))
        #expect(try read(parts + [nat(NFT_NAT_SNAT)]) == nil)
    }
}
