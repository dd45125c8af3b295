/// A `struct sock_filter`: one instruction of the kernel's packet filters, as seccomp(2) takes them.
struct SeccompInstruction: Equatable, Sendable {
    enum Code {
        /// BPF_LD | BPF_W | BPF_ABS
        static let load: UInt16 = 0x20
        /// BPF_JMP | BPF_JA
        static let skip: UInt16 = 0x05
        /// BPF_RET | BPF_K
        static let finish: UInt16 = 0x06
    }
    /// BPF_JMP | BPF_K with the test.
    enum Test: UInt16 {
        case equal = 0x15
        case greater = 0x25
        case greaterOrEqual = 0x35
        case anyBit = 0x45
    }
    /// Where `struct seccomp_data` has what a call is; its arguments are behind that.
    enum Offset {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
    }

    var code: UInt16
    /// Instructions to jump over.
    var then: UInt8 = 0
    var otherwise: UInt8 = 0
    var value: UInt32

    static func load(_ offset: UInt32) -> SeccompInstruction { SeccompInstruction(code: Code.load, value: offset) }
    static func jump(
        _ test: Test, _ value: UInt32, then: UInt8 = 0, otherwise: UInt8 = 0
    ) -> SeccompInstruction {
        SeccompInstruction(code: test.rawValue, then: then, otherwise: otherwise, value: value)
    }
    static func skip(_ count: Int) -> SeccompInstruction { SeccompInstruction(code: Code.skip, value: UInt32(count)) }
    static func finish(_ action: UInt32) -> SeccompInstruction { SeccompInstruction(code: Code.finish, value: action) }

    var test: Test? { Test(rawValue: code) }

    /// Whether a jump is made when the accumulator holds `accumulator`; nil when this is no test.
    func holds(for accumulator: UInt32) -> Bool? {
        switch test {
        case .equal: accumulator == value
        case .greater: accumulator > value
        case .greaterOrEqual: accumulator >= value
        case .anyBit: accumulator & value != 0
        case nil: nil
        }
    }
}

// MARK: - As bytes

extension SeccompInstruction {
    var bytes: [UInt8] {
        withUnsafeBytes(of: code) { Array($0) } + [then, otherwise] + withUnsafeBytes(of: value) { Array($0) }
    }

    static func program(_ bytes: UnsafeRawBufferPointer) -> [SeccompInstruction] {
        stride(from: 0, to: bytes.count - 7, by: 8).map { start in
            SeccompInstruction(
                code: bytes.loadUnaligned(fromByteOffset: start, as: UInt16.self), then: bytes[start + 2],
                otherwise: bytes[start + 3], value: bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self))
        }
    }
}
