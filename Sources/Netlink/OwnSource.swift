import CNetlink
import Core

/// The filter of what a container sends: IPv4 from its own MAC and address, ARP that says both, IPv6 as `OwnSourceOfIPv6`
/// says, and nothing else.
///
/// It is a program of classic BPF, which needs no system call of its own and no verifier. Its result is the verdict. A
/// frame begins with its Ethernet header; a VLAN tag has been taken off before (__netif_receive_skb_core), so that what
/// is below it is judged like the rest.
enum OwnSource {
    /// What the kernel gets and gives back: an array of struct sock_filter.
    /// - Parameters:
    ///   - address: of IPv4.
    ///   - address6: of IPv6; without one nothing of IPv6 passes.
    static func program(mac: MACAddress, address: IPAddress, address6: IPAddress? = nil) -> [UInt8] {
        let source = UInt32(truncatingIfNeeded: address.number)
        let high = mac.high
        let low = mac.low
        var program = FrameFilter()
        // What is loaded from behind the end of a frame would make the result 0, which is TC_ACT_OK.
        program.require(.length, atLeast: 34)
        program.require(.word(6), high)
        program.require(.half(10), low)
        program.load(.half(12))
        let toARP = program.jump(BPF_JEQ, UInt32(ETH_P_ARP))
        let toIPv6 = address6.map { _ in program.jump(BPF_JEQ, UInt32(ETH_P_IPV6)) }
        program.require(UInt32(ETH_P_IP))
        program.require(.word(26), source)
        program.finish(TC_ACT_OK)
        program.land(toARP)
        program.require(.length, atLeast: 42)
        program.require(.word(22), high)
        program.require(.half(26), low)
        program.require(.word(28), source)
        program.finish(TC_ACT_OK)
        if let address6, let toIPv6 {
            program.land(toIPv6)
            program.requireOwnSource(address6, mac)
        }
        return program.bytes
    }
}

extension MACAddress {
    var high: UInt32 { bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) } }
    var low: UInt32 { bytes[4...].reduce(0) { $0 << 8 | UInt32($1) } }
}

extension PortRequest {
    /// Its filter as tc-bpf(8) reads it: the number of instructions, and each one's four numbers.
    package var filterText: String {
        let program = OwnSource.program(mac: mac, address: address, address6: address6)
        let size = MemoryLayout<sock_filter>.size
        let instructions = stride(from: 0, to: program.count, by: size).map { place in
            let filter = program[place..<place + size].withUnsafeBytes { $0.loadUnaligned(as: sock_filter.self) }
            return "\(filter.code) \(filter.jt) \(filter.jf) \(filter.k)"
        }
        return ([String(instructions.count)] + instructions).joined(separator: ",")
    }
}
