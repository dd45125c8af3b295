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
}
