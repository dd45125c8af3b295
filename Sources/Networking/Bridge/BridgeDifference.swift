import Core
import Firewall

/// Something that a network or container lacks on this host, or that is there without an owner.
package struct BridgeDifference: Equatable, Sendable {
    package enum Subject: Sendable { case bridge, veth, rule }

    /// What puts it right. Numbers are indices of links.
    enum Remedy: Equatable, Sendable {
        case makeBridge
        /// An interface of that name is somebody else's.
        case refuse
        /// Its maker was killed half way.
        case finishBridge(Int32)
        case addAddress(Subnet, Int32)
        case bringUp(Int32)
        /// Members know the gateway by it for good.
        case giveMAC(Int32)
        case applySettings
        case switchRoutingOn(AddressFamily)
        /// Of the bridge alone.
        case switchForwardingOn(AddressFamily)
        /// With the member's link; nil when it is not there.
        case joinBridge(NetworkMember, link: Int32?, bridge: Int32)
        case guardPort(NetworkMember, link: Int32)
        case bringPortUp(NetworkMember, link: Int32)
        /// The firewall compares for itself when it is written.
        case establishRules

        // Of what has no owner.
        case removeLink(String)
        case takeOffBridge(String)
        case removeRules(of: FirewallOwner)
        case removeFrame
        /// With the device.
        case dismiss(String)
    }

    package let subject: Subject
    package let what: String
    package let why: String
    let remedy: Remedy
    /// That lacks it; nil: all that have a bridge.
    package var network: ContainerID?

    /// `BridgeDriver.restore` puts it back; else `BridgeDriver.clear` takes it away.
    package var isLack: Bool {
        switch remedy {
        case .removeLink, .takeOffBridge, .removeRules, .removeFrame, .dismiss: false
        default: true
        }
    }

    /// What is somebody else's only he takes away, and a member's link that is gone comes back with its next round.
    package var isRepairable: Bool {
        switch remedy {
        case .refuse, .joinBridge(_, nil, _): false
        default: true
        }
    }

    func isLack(of network: NetworkDefinition) -> Bool {
        isLack && (self.network == nil || self.network == network.id)
    }
}
