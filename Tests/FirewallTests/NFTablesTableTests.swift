import Core
import Glibc
import Testing

@testable import Firewall

@Suite struct NFTablesTableTests {
    /// EINVAL is what nfnetlink_rcv_msg answers where it knows no such subsystem; whatever else goes wrong is told.
    @Test func whatAKernelWithoutNFTablesSays() {
        for number in [EINVAL, EOPNOTSUPP, EPROTONOSUPPORT] {
            #expect(NFTablesTable.isUnknown(OperationError("list chains", errno: number)), "\(number)")
        }
        for number in [EPERM, ENOENT, ENOBUFS, EINTR] {
            #expect(!NFTablesTable.isUnknown(OperationError("list chains", errno: number)), "\(number)")
        }
    }

    @Test func whyATableCannotBeWritten() {
        func refusal(_ number: Int32, of map: String? = nil) -> OperationError {
            NFTablesRefusal(table: .nat6, number: number, ofMap: map).error
        }
        let exists = refusal(EEXIST, of: "MYDOCKER-DNAT-range")
        #expect(exists.description.contains("map MYDOCKER-DNAT-range of another kind"))
        #expect(exists.remedy == "run: nft delete map ip6 mydocker-nat MYDOCKER-DNAT-range")
        #expect(refusal(EEXIST).description.contains("element of somebody else's"))
        let old = refusal(EINVAL, of: "MYDOCKER-DNAT-range")
        #expect(old.description.contains("5.6") && old.remedy?.contains("--firewall iptables") == true)
        #expect(refusal(EINVAL) == OperationError("write nftables table", "mydocker-nat", errno: EINVAL))
        #expect(refusal(ENOENT).description.contains("CONFIG_NFT_FIB_IPV6"))
    }
}
