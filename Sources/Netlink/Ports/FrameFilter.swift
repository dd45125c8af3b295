import CNetlink
import Core

/// Instructions that end in a drop unless all that is required holds.
struct FrameFilter {
    enum Value {
        case length
        /// 32, 16 and 8 bits at an offset.
        case word(UInt32)
        case half(UInt32)
        case byte(UInt32)
    }

    private var instructions: [sock_filter] = []
    /// Those of which the second way leads to the drop at the end, and those of which the first one does.
    private var requirements: [Int] = []
    private var refusals: [Int] = []

    mutating func load(_ value: Value) {
        let (mode, offset): (Int32, UInt32) =
            switch value {
            case .length: (BPF_W | BPF_LEN, 0)
            case .word(let offset): (BPF_W | BPF_ABS, offset)
            case .half(let offset): (BPF_H | BPF_ABS, offset)
            case .byte(let offset): (BPF_B | BPF_ABS, offset)
            }
        instructions.append(sock_filter(code: UInt16(BPF_LD | mode), jt: 0, jf: 0, k: offset))
    }

    /// Of what was loaded last.
    mutating func and(_ operand: UInt32) {
        instructions.append(sock_filter(code: UInt16(BPF_ALU | BPF_AND | BPF_K), jt: 0, jf: 0, k: operand))
    }

    /// - Returns: its place, for `land`; until then it goes on with the next instruction either way.
    mutating func jump(_ comparison: Int32, _ operand: UInt32) -> Int {
        instructions.append(sock_filter(code: UInt16(BPF_JMP | comparison | BPF_K), jt: 0, jf: 0, k: operand))
        return instructions.count - 1
    }

    /// One that is always taken.
    mutating func jump() -> Int {
        instructions.append(sock_filter(code: UInt16(BPF_JMP | BPF_JA), jt: 0, jf: 0, k: 0))
        return instructions.count - 1
    }

    /// A jump that is taken leads to the next instruction; and one that is not, or that always is.
    mutating func land(_ jump: Int) { instructions[jump].jt = UInt8(instructions.count - jump - 1) }
    mutating func landOtherwise(_ jump: Int) { instructions[jump].jf = UInt8(instructions.count - jump - 1) }
    mutating func landAlways(_ jump: Int) { instructions[jump].k = UInt32(instructions.count - jump - 1) }

    /// Of what was loaded last.
    mutating func require(_ operand: UInt32) { requirements.append(jump(BPF_JEQ, operand)) }
    mutating func refuse(_ operand: UInt32) { refusals.append(jump(BPF_JEQ, operand)) }
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
        for place in refusals { whole.instructions[place].jt = UInt8(whole.instructions.count - place - 2) }
        for place in requirements { whole.instructions[place].jf = UInt8(whole.instructions.count - place - 2) }
        return whole.instructions.withUnsafeBytes(Array.init)
    }
}
