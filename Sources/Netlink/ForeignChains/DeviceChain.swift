import CNetlink
import Core

/// A chain of nftables with rules that what comes in by some links passes before all others, or what goes out by them after all others:
/// one of a table of netdev, or at the hook ingress of one of inet.
package struct DeviceChain: Equatable, Sendable {
    /// As it is called: `nft netdev mine ingress`.
    package let description: String
    /// Names of links.
    package let devices: [String]
    package let isOutward: Bool
}

extension NFTablesSocket {
    package mutating func deviceChains() throws(OperationError) -> [DeviceChain] {
        try chains().compactMap { DeviceChain($0) }
    }
}

extension DeviceChain {
    /// Of <linux/netfilter.h>.
    private static let netdev: UInt8 = 5
    private static let ingressOfInet: UInt32 = 5

    /// Nil of one that is for no link, or does nothing.
    init?(_ chain: ChainMessage) {
        guard let hook = chain.hook, !hook.devices.isEmpty else { return nil }
        let isOfInet = chain.family == UInt8(CNETLINK_NFPROTO_INET) && hook.number == Self.ingressOfInet
        // None jumps to it, so all that use it are its rules.
        guard chain.family == Self.netdev || isOfInet, chain.uses != 0 || chain.drops else { return nil }
        self.init(
            description: "nft \(isOfInet ? "inet" : "netdev") \(chain.table) \(chain.name)", devices: hook.devices,
            isOutward: !isOfInet && hook.number == 1)
    }
}
