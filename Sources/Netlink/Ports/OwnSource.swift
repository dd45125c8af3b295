import CNetlink
import Core

/// What a container may send: IPv4 from its own MAC and addresses, ARP that says both, IPv6 as `OwnSourceOfIPv6` says, and
/// nothing else. Of one whose addresses are not known, whatever is from its own MAC.
///
/// It becomes a program of classic BPF, which needs no system call of its own and no verifier. Its result is the verdict. A
/// frame begins with its Ethernet header; a VLAN tag has been taken off before (__netif_receive_skb_core), so that what
/// is below it is judged like the rest.
package struct OwnSource: Equatable, Sendable {
    package struct Peer: Equatable, Sendable {
        package let mac: MACAddress
        /// Of IPv4; nil: nothing is asked about it.
        package let address: IPAddress?
        package let address6: IPAddress?

        package init(mac: MACAddress, address: IPAddress?, address6: IPAddress? = nil) {
            self.mac = mac
            self.address = address
            self.address6 = address6
        }
    }

    package let mac: MACAddress
    /// Of IPv4; without one nothing of it passes.
    package let addresses: [IPAddress]
    /// Of IPv6; without one nothing of it passes.
    package let address6: IPAddress?
    /// To whom alone it may send; nil: to all. Here, where every frame is seen: whether those from one port of a bridge to another
    /// pass the firewall is up to the host (bridge-nf-call-iptables).
    package let onlyPeer: Peer?

    package init(mac: MACAddress, addresses: [IPAddress], address6: IPAddress? = nil, onlyPeer: Peer? = nil) {
        self.address6 = address6
        self.mac = mac
        self.addresses = addresses
        self.onlyPeer = onlyPeer
    }

    private var knowsAddresses: Bool { !addresses.isEmpty || address6 != nil }

    /// What the kernel gets and gives back: an array of struct sock_filter.
    func program() -> [UInt8] {
        var program = FrameFilter()
        // What is loaded from behind the end of a frame would make the result 0, which is TC_ACT_OK.
        program.require(.length, atLeast: knowsAddresses ? 34 : 14)
        program.require(mac, at: 6)
        program.load(.half(12))
        if !knowsAddresses {
            requireOwnLink(&program)
        } else if addresses.isEmpty, let address6 {
            program.require(UInt32(ETH_P_IPV6))
            program.requireOwnSource(address6, mac, onlyPeer: onlyPeer)
        } else {
            requireOwnAddresses(&program)
        }
        return program.bytes
    }

    /// Also where ARP says it.
    private func requireOwnLink(_ program: inout FrameFilter) {
        let toARP = program.jump(BPF_JEQ, UInt32(ETH_P_ARP))
        program.finish(TC_ACT_OK)
        program.land(toARP)
        program.require(.length, atLeast: 42)
        program.require(mac, at: 22)
        program.finish(TC_ACT_OK)
    }

    private func requireOwnAddresses(_ program: inout FrameFilter) {
        let sources = addresses.map { UInt32(truncatingIfNeeded: $0.number) }
        let toARP = program.jump(BPF_JEQ, UInt32(ETH_P_ARP))
        let toIPv6 = address6.map { _ in program.jump(BPF_JEQ, UInt32(ETH_P_IPV6)) }
        program.require(UInt32(ETH_P_IP))
        program.require(.word(26), oneOf: sources)
        if let onlyPeer { program.require(onlyPeer.mac, at: 0) }
        program.finish(TC_ACT_OK)
        program.land(toARP)
        program.require(.length, atLeast: 42)
        program.require(mac, at: 22)
        program.require(.word(28), oneOf: sources)
        if let onlyPeer { requireARP(to: onlyPeer, &program) }
        program.finish(TC_ACT_OK)
        if let address6, let toIPv6 {
            program.land(toIPv6)
            program.requireOwnSource(address6, mac, onlyPeer: onlyPeer)
        }
    }

    /// A question about that one, or an answer to it: it may ask under another of its addresses.
    private func requireARP(to peer: Peer, _ program: inout FrameFilter) {
        guard let address = peer.address else { return program.require(peer.mac, at: 0) }
        program.load(.word(38))
        let isAbout = program.jump(BPF_JEQ, UInt32(truncatingIfNeeded: address.number))
        program.require(peer.mac, at: 0)
        program.land(isAbout)
    }
}

extension PortRequest {
    /// Its filter as tc-bpf(8) reads it: the number of instructions, and each one's four numbers.
    package var filterText: String {
        let program = source.program()
        let size = MemoryLayout<sock_filter>.size
        let instructions = stride(from: 0, to: program.count, by: size).map { place in
            let filter = program[place..<place + size].withUnsafeBytes { $0.loadUnaligned(as: sock_filter.self) }
            return "\(filter.code) \(filter.jt) \(filter.jf) \(filter.k)"
        }
        return ([String(instructions.count)] + instructions).joined(separator: ",")
    }
}
