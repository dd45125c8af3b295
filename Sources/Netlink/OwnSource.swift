import CNetlink
import Core

/// What a container may send: IPv4 from its own MAC and addresses, ARP that says both, and nothing else.
///
/// It becomes a program of classic BPF, which needs no system call of its own and no verifier. Its result is the verdict. A
/// frame begins with its Ethernet header; a VLAN tag has been taken off before (__netif_receive_skb_core), so that what
/// is below it is judged like the rest.
package struct OwnSource: Equatable, Sendable {
    package struct Peer: Equatable, Sendable {
        package let mac: MACAddress
        package let address: IPAddress

        package init(mac: MACAddress, address: IPAddress) {
            self.mac = mac
            self.address = address
        }
    }

    package let mac: MACAddress
    /// At least one.
    package let addresses: [IPAddress]
    /// To whom alone it may send; nil: to all. Here, where every frame is seen: whether those from one port of a bridge to another
    /// pass the firewall is up to the host (bridge-nf-call-iptables).
    package let onlyPeer: Peer?

    package init(mac: MACAddress, addresses: [IPAddress], onlyPeer: Peer? = nil) {
        self.mac = mac
        self.addresses = addresses
        self.onlyPeer = onlyPeer
    }

    /// What the kernel gets and gives back: an array of struct sock_filter.
    /// - Throws: `.unsupported` of an IPv6 address.
    func program() throws(OperationError) -> [UInt8] {
        var sources: [UInt32] = []
        for address in addresses { sources.append(try address.ofIPv4()) }
        var program = Program()
        // What is loaded from behind the end of a frame would make the result 0, which is TC_ACT_OK.
        program.require(.length, atLeast: 34)
        program.require(mac, at: 6)
        program.load(.half(12))
        let toARP = program.jump(BPF_JEQ, UInt32(ETH_P_ARP))
        program.require(UInt32(ETH_P_IP))
        program.require(.word(26), oneOf: sources)
        if let onlyPeer { program.require(onlyPeer.mac, at: 0) }
        program.finish(TC_ACT_OK)
        program.land(toARP)
        program.require(.length, atLeast: 42)
        program.require(mac, at: 22)
        program.require(.word(28), oneOf: sources)
        if let onlyPeer { try requireARP(to: onlyPeer, &program) }
        program.finish(TC_ACT_OK)
        return program.bytes
    }

    /// A question about that one, or an answer to it: it may ask under another of its addresses.
    private func requireARP(to peer: Peer, _ program: inout Program) throws(OperationError) {
        program.load(.word(38))
        let isAbout = program.jump(BPF_JEQ, try peer.address.ofIPv4())
        program.require(peer.mac, at: 0)
        program.land(isAbout)
    }
}

/// Instructions that end in a drop unless all that is required holds.
private struct Program {
    enum Value {
        case length
        /// 32 and 16 bits at an offset.
        case word(UInt32)
        case half(UInt32)
    }

    private var instructions: [sock_filter] = []
    /// Those of which the second way leads to the drop at the end.
    private var requirements: [Int] = []

    mutating func load(_ value: Value) {
        let (mode, offset): (Int32, UInt32) =
            switch value {
            case .length: (BPF_W | BPF_LEN, 0)
            case .word(let offset): (BPF_W | BPF_ABS, offset)
            case .half(let offset): (BPF_H | BPF_ABS, offset)
            }
        instructions.append(sock_filter(code: UInt16(BPF_LD | mode), jt: 0, jf: 0, k: offset))
    }

    /// - Returns: its place, for `land`; until then it goes on with the next instruction either way.
    mutating func jump(_ comparison: Int32, _ operand: UInt32) -> Int {
        instructions.append(sock_filter(code: UInt16(BPF_JMP | comparison | BPF_K), jt: 0, jf: 0, k: operand))
        return instructions.count - 1
    }

    /// A jump that is taken leads to the next instruction.
    mutating func land(_ jump: Int) { instructions[jump].jt = UInt8(instructions.count - jump - 1) }

    /// Of what was loaded last.
    mutating func require(_ operand: UInt32) { requirements.append(jump(BPF_JEQ, operand)) }
    mutating func require(_ value: Value, _ operand: UInt32) {
        load(value)
        require(operand)
    }
    mutating func require(_ value: Value, atLeast operand: UInt32) {
        load(value)
        requirements.append(jump(BPF_JGE, operand))
    }

    mutating func require(_ mac: MACAddress, at offset: UInt32) {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
        require(.word(offset), number(mac.bytes[..<4]))
        require(.half(offset + 4), number(mac.bytes[4...]))
    }

    /// - Parameter operands: at least one.
    mutating func require(_ value: Value, oneOf operands: [UInt32]) {
        load(value)
        let others = operands.dropLast().map { jump(BPF_JEQ, $0) }
        if let last = operands.last { require(last) }
        for jump in others { land(jump) }
    }

    mutating func finish(_ verdict: Int32) {
        instructions.append(sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: UInt32(verdict)))
    }

    var bytes: [UInt8] {
        var whole = self
        whole.finish(TC_ACT_SHOT)
        for place in requirements { whole.instructions[place].jf = UInt8(whole.instructions.count - place - 2) }
        return whole.instructions.withUnsafeBytes(Array.init)
    }
}
