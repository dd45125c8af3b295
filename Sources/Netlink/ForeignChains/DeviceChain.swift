import CNetlink
import Core
import Glibc

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
        var chains: [DeviceChain] = []
        for message in try socket.dump({ $0.getChains() }) {
            if let chain = try DeviceChain(message) { chains.append(chain) }
        }
        return chains
    }
}

extension DeviceChain {
    /// Of <linux/netfilter.h>.
    private static let netdev: UInt8 = 5
    private static let ingressOfInet: UInt32 = 5

    /// Nil of one that is for no link, or does nothing.
    init?(_ message: Message) throws(OperationError) {
        let family = try message.fixedHeader(nfgenmsg.self).nfgen_family
        var (table, name) = ("", "")
        var hook: (number: UInt32, devices: [String]) = (0, [])
        var doesSomething = false
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_CHAIN_TABLE.rawValue): table = attribute.string
            case Int(NFTA_CHAIN_NAME.rawValue): name = attribute.string
            case Int(NFTA_CHAIN_HOOK.rawValue): hook = try Self.hook(attribute)
            // The number of its rules, as none jumps to it.
            case Int(NFTA_CHAIN_USE.rawValue): doesSomething = try attribute.uint32() != 0 || doesSomething
            case Int(NFTA_CHAIN_POLICY.rawValue):
                let isDrop = UInt32(bigEndian: try attribute.uint32()) == UInt32(CNETLINK_NF_DROP)
                doesSomething = isDrop || doesSomething
            default: break
            }
        }
        let isOfInet = family == UInt8(CNETLINK_NFPROTO_INET) && hook.number == Self.ingressOfInet
        guard family == Self.netdev || isOfInet, doesSomething, !hook.devices.isEmpty else { return nil }
        self.init(
            description: "nft \(isOfInet ? "inet" : "netdev") \(table) \(name)", devices: hook.devices,
            isOutward: !isOfInet && hook.number == 1)
    }

    private static func hook(_ attribute: Attribute) throws(OperationError) -> (number: UInt32, devices: [String]) {
        var number: UInt32 = 0
        var devices: [String] = []
        var parts = attribute.nested()
        while let part = try parts.next() {
            switch part.type {
            case Int(NFTA_HOOK_HOOKNUM.rawValue): number = UInt32(bigEndian: try part.uint32())
            case Int(NFTA_HOOK_DEV.rawValue): devices.append(part.string)
            case Int(NFTA_HOOK_DEVS.rawValue):
                var names = part.nested()
                while let name = try names.next() { devices.append(name.string) }
            default: break
            }
        }
        // One alone is said in both ways.
        return (number, Array(Set(devices)).sorted())
    }
}
