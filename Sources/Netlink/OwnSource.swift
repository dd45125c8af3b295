import CNetlink
import Core

/// The filter of what a container sends: IPv4 from its own MAC and address, ARP that says both, and nothing else.
///
/// It is a program of classic BPF, which needs no system call of its own and no verifier. Its result is the verdict. A
/// frame begins with its Ethernet header; a VLAN tag has been taken off before (__netif_receive_skb_core), so that what
/// is below it is judged like the rest.
enum OwnSource {
    /// What the kernel gets and gives back: an array of struct sock_filter.
    /// - Throws: `.unsupported` of an IPv6 address.
    static func program(mac: MACAddress, address: IPAddress) throws(OperationError) -> [UInt8] {
        let source = try address.ofIPv4()
        let high = number(mac.bytes[..<4])
        let low = number(mac.bytes[4...])
        var program = Program()
        // What is loaded from behind the end of a frame would make the result 0, which is TC_ACT_OK.
        program.require(.length, atLeast: 34)
        program.require(.word(6), high)
        program.require(.half(10), low)
        program.load(.half(12))
        let toARP = program.jump(BPF_JEQ, UInt32(ETH_P_ARP))
        program.require(UInt32(ETH_P_IP))
        program.require(.word(26), source)
        program.finish(TC_ACT_OK)
        program.land(toARP)
        program.require(.length, atLeast: 42)
        program.require(.word(22), high)
        program.require(.half(26), low)
        program.require(.word(28), source)
        program.finish(TC_ACT_OK)
        return program.bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
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

extension PortRequest {
    /// Its filter as tc-bpf(8) reads it: the number of instructions, and each one's four numbers.
    package func filterText() throws(OperationError) -> String {
        let program = try OwnSource.program(mac: mac, address: address)
        let size = MemoryLayout<sock_filter>.size
        let instructions = stride(from: 0, to: program.count, by: size).map { place in
            let filter = program[place..<place + size].withUnsafeBytes { $0.loadUnaligned(as: sock_filter.self) }
            return "\(filter.code) \(filter.jt) \(filter.jf) \(filter.k)"
        }
        return ([String(instructions.count)] + instructions).joined(separator: ",")
    }
}
