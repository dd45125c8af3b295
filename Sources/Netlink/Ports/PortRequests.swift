import CNetlink
import Core

/// What a port of a bridge lets in from a container: frames under the container's own addresses, and nothing else.
package struct PortRequest: Equatable, Sendable {
    /// For errors.
    package var name: String
    package var index: Int32
    package var source: OwnSource
    /// Lets packets leave by the port they came from, so that a container reaches its own published port.
    package var hairpin: Bool
    /// Whether there is IPv6 on this host that the port must have no address of.
    package var hostHasIPv6: Bool

    package init(
        name: String, index: Int32, source: OwnSource, hairpin: Bool, hostHasIPv6: Bool
    ) {
        self.name = name
        self.index = index
        self.source = source
        self.hairpin = hairpin
        self.hostHasIPv6 = hostHasIPv6
    }

    /// Whether the port is what it should be.
    package func isMet(by state: PortState) -> Bool {
        let program = source.program()
        return state.hairpin == hairpin && state.learns == false && !state.makesAddresses
            && state.entries.contains(source.mac) && state.programs.first == program
    }
}

/// A port of a bridge as it was when the kernel was asked.
package struct PortState: Equatable, Sendable {
    /// Nil when the link is no port of a bridge.
    package var hairpin: Bool?
    /// Whether the bridge learns where the senders of frames are.
    package var learns: Bool?
    /// Whether it gets addresses of IPv6 by itself.
    package var makesAddresses = false
    /// Those that the forwarding table has for good on this port.
    package var entries: [MACAddress] = []
    /// The filters of what comes in, the first one first, as code of classic BPF; one that is no such code is empty.
    package var programs: [[UInt8]] = []
}
