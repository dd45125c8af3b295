import CNetlink
import Core
import Fuzzing
import Glibc
import Testing

@testable import Netlink

/// Messages as `--trace` shows them.
@Suite struct MessageTextTests {
    private func lines(_ batch: borrowing RequestBatch, _ number: Int32 = NETLINK_ROUTE) -> [String] {
        MessageText.lines(batch.bytes, protocol: number, sign: ">")
    }

    @Test func aVeth() throws {
        var batch = RequestBatch()
        batch.createVeth(
            VethRequest(
                name: "ab\u{1b}cd", bridge: 7, mtu: 1400, peerName: "eth0",
                peerMAC: try #require(MACAddress("02:42:0a:4d:07:02")), peerNamespace: .process(4711)))
        #expect(
            lines(batch) == [
                "> RTM_NEWLINK REQUEST ACK ECHO EXCL CREATE #0 index 0 flags 0x0 change 0x0",
                #">     IFLA_IFNAME "ab\u001bcd""#, ">     IFLA_MASTER 7", ">     IFLA_MTU 1400",
                ">     IFLA_NUM_TX_QUEUES 1", ">     IFLA_NUM_RX_QUEUES 1", ">     IFLA_LINKINFO",
                #">         IFLA_INFO_KIND "veth""#, ">         IFLA_INFO_DATA", ">             #1",
                #">                 IFLA_IFNAME "eth0""#, ">                 IFLA_ADDRESS 0x02420a4d0702",
                ">                 IFLA_MTU 1400", ">                 IFLA_NUM_TX_QUEUES 1",
                ">                 IFLA_NUM_RX_QUEUES 1", ">                 IFLA_NET_NS_PID 4711",
            ])
    }

    @Test func aTransactionOfNFTables() {
        var batch = RequestBatch()
        batch.beginTransaction("t", generation: 9)
        batch.deleteRule(5, of: RuleChain(.ipv6, "filter", "DOCKER-USER"))
        batch.endTransaction("t")
        #expect(
            lines(batch, NETLINK_NETFILTER) == [
                "> NFNL_MSG_BATCH_BEGIN REQUEST #0 family 0", ">     NFTA_GEN_ID 9",
                "> NFT_MSG_DELRULE REQUEST ACK #1 family 10", #">     NFTA_RULE_TABLE "filter""#,
                #">     NFTA_RULE_CHAIN "DOCKER-USER""#, ">     NFTA_RULE_HANDLE 5",
                "> NFNL_MSG_BATCH_END REQUEST #2 family 0",
            ])
    }

    /// The kernel's words, too.
    @Test func refusals() {
        var bytes: [UInt8] = message(2, withUnsafeBytes(of: -EEXIST) { Array($0) } + [UInt8](repeating: 0, count: 16))
        bytes += message(3, [0, 0, 0, 0])
        let text = MessageText.lines(bytes, protocol: NETLINK_ROUTE, sign: "<")
        #expect(text.count == 2 && text[0].hasSuffix(" File exists") && text[1].hasPrefix("< NLMSG_DONE"), "\(text)")
        #expect(MessageText.lines([1, 2, 3], protocol: NETLINK_ROUTE, sign: "<").count <= 1)
    }

    @Test func whateverComesIsShown() {
        for seed in 0..<3000 {
            var random = Fuzz(UInt64(seed))
            var batch = RequestBatch()
            batch.deleteRule(5, of: RuleChain(.ipv4, "filter", "X"))
            batch.setMAC(.named("x"), MACAddress("02:42:0a:4d:07:02")!)
            var bytes = batch.bytes
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            for number in [NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_SOCK_DIAG] {
                #expect(MessageText.lines(bytes, protocol: number, sign: "<").allSatisfy { $0.hasPrefix("<") })
            }
        }
    }
}
