import Core
import Glibc
import Linux
import Netlink

/// Why a table of nftables could not be written, and what helps.
struct NFTablesRefusal {
    let table: FirewallTable
    /// Of errno(3).
    let number: Int32
    /// The map that was being added then, if it was one.
    let ofMap: String?

    var error: OperationError {
        let (operation, subject) = ("write nftables table", NFTablesTable.subject(table))
        guard let (reason, remedy) = explanation else { return OperationError(operation, subject, errno: number) }
        return OperationError(operation, subject, reason: reason, remedy: remedy)
    }

    private var explanation: (reason: String, remedy: String?)? {
        switch number {
        case EAGAIN: ("other programs keep changing the rules", nil)
        case EEXIST: ofMap.map(otherMap) ?? ("a map has an element of somebody else's for the same packets", looking)
        case EBUSY: ("something of somebody else's leads to a chain or map that is to go", looking)
        case EINVAL where ofMap != nil: ("the kernel lacks maps of ranges of ports (Linux 5.6 has them)", Self.legacy)
        case ENOENT, EOPNOTSUPP: (lacking, Self.legacy)
        default: nil
        }
    }

    private func otherMap(_ map: String) -> (reason: String, remedy: String?) {
        ("there is a map \(map) of another kind", "run: nft delete map \(NFTablesSyntax.name(table)) \(map)")
    }

    private var looking: String {
        "look for what is not by \(Program.current.name): nft list table \(NFTablesSyntax.name(table))"
    }

    private var lacking: String {
        "the kernel lacks nft_ct, nft_fib, nft_nat or nft_masq (CONFIG_NFT_CT, "
            + "CONFIG_NFT_FIB_\(table.family == .ipv4 ? "IPV4" : "IPV6"), CONFIG_NFT_NAT, CONFIG_NFT_MASQ), or sets "
            + "(CONFIG_NF_TABLES_SET)"
    }

    private static let legacy =
        "use --firewall iptables with network create, or with network reload for a network that is there"
}

extension TableRefusal {
    init(of table: FirewallTable, _ error: OperationError) {
        errno = error.errno == ERESTART ? EAGAIN : error.errno ?? EIO
        let map = error.operation == PacketTableChange.addingMap ? error.subject : nil
        self.error = NFTablesRefusal(table: table, number: errno, ofMap: map).error
    }
}
