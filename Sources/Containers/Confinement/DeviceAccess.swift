import Core
import Linux

/// What a container may do with one device, or with all of one major number, or of one kind.
package struct DeviceRule: Equatable, Sendable {
    package var isBlock: Bool
    /// Nil is every one.
    package var major: UInt32?
    /// Nil is every one.
    package var minor: UInt32?
    package var reads: Bool
    package var writes: Bool

    init(_ major: UInt32, _ minor: UInt32?) {
        (isBlock, self.major, self.minor, reads, writes) = (false, major, minor, true, true)
    }

    package init(_ number: DeviceNumber, reads: Bool, writes: Bool) {
        (isBlock, major, minor) = (number.isBlock, number.major, number.minor)
        (self.reads, self.writes) = (reads, writes)
    }

    /// One for each kind of device that is meant.
    package static func rules(of asked: DeviceCgroupRule) -> [DeviceRule] {
        [false, true].filter { isBlock in asked.kind == .all || isBlock == (asked.kind == .block) }.map { isBlock in
            var rule = DeviceRule(0, asked.minor)
            (rule.isBlock, rule.major, rule.reads, rule.writes) = (isBlock, asked.major, asked.reads, asked.writes)
            return rule
        }
    }
}

/// The devices that a container may open; nodes may be made of all. It is kept by a program of its cgroup where that is of
/// version 2, by a list where that is of version 1.
package struct DeviceAccess: Equatable, Sendable {
    package private(set) var rules: [DeviceRule]

    /// Those that every container has, and these.
    package init(_ named: [DeviceRule]) {
        // null, zero, full, random, urandom, tty, ptmx, and the terminals of /dev/pts.
        rules = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)].map { DeviceRule($0.0, $0.1) }
        rules.append(DeviceRule(136, nil))
        for rule in named { add(rule) }
    }

    /// What is named twice may be opened in both ways, also at once.
    private mutating func add(_ rule: DeviceRule) {
        let index = rules.firstIndex {
            $0.isBlock == rule.isBlock && $0.major == rule.major && $0.minor == rule.minor
        }
        guard let index else { return rules.append(rule) }
        rules[index].reads = rules[index].reads || rule.reads
        rules[index].writes = rules[index].writes || rule.writes
    }

    /// Whether that is a device which every container may read and write.
    package static func isStandard(_ number: DeviceNumber) -> Bool {
        DeviceAccess([]).rules.contains {
            !number.isBlock && $0.major == number.major && ($0.minor ?? number.minor) == number.minor
        }
    }

    // MARK: Version 2

    /// Instructions of BPF, which return 1 for what may be done. They get `struct bpf_cgroup_dev_ctx` of linux/bpf.h: the
    /// kind of device and, 16 bits further up, of access; major; minor.
    package var program: [UInt64] {
        var code = [
            BPF.load(.r2, from: 0), BPF.move(.r3, from: .r2), BPF.shiftRight(.r3, 16), BPF.and(.r2, 0xffff),
            BPF.load(.r4, from: 4), BPF.load(.r5, from: 8),
            // BPF_DEVCG_ACC_MKNOD alone.
            BPF.skip(2, unless: .r3, is: 1), BPF.move(.r0, 1), BPF.exit,
        ]
        for rule in rules { code += Self.instructions(for: rule) }
        return code + [BPF.move(.r0, 0), BPF.exit]
    }

    private static func instructions(for rule: DeviceRule) -> [UInt64] {
        // What follows the first of them, up to the end of the rule.
        var count: Int16 = 5 + (rule.major == nil ? 0 : 1) + (rule.minor == nil ? 0 : 1)
        // BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR; BPF_DEVCG_ACC_MKNOD, _READ, _WRITE.
        let allowed: Int32 = 1 | (rule.reads ? 2 : 0) | (rule.writes ? 4 : 0)
        var code = [BPF.skip(count, unless: .r2, is: rule.isBlock ? 1 : 2)]
        if let major = rule.major {
            count -= 1
            code.append(BPF.skip(count, unless: .r4, is: Int32(bitPattern: major)))
        }
        if let minor = rule.minor { code.append(BPF.skip(5, unless: .r5, is: Int32(bitPattern: minor))) }
        return code + [
            BPF.move(.r1, from: .r3), BPF.and(.r1, ~allowed), BPF.skip(2, unless: .r1, is: 0), BPF.move(.r0, 1),
            BPF.exit,
        ]
    }

    // MARK: Version 1

    /// Lines for `devices.allow` (cgroup-v1/devices.rst).
    package var list: [String] {
        ["c *:* m", "b *:* m"]
            + rules.map { rule in
                let minor = rule.minor.map { String($0) } ?? "*"
                let access = (rule.reads ? "r" : "") + (rule.writes ? "w" : "") + "m"
                let major = rule.major.map { String($0) } ?? "*"
                return "\(rule.isBlock ? "b" : "c") \(major):\(minor) \(access)"
            }
    }

    // MARK: Effect

    /// Before a process is in there.
    /// - Parameter directory: the container's own one in either version.
    package func apply(to directory: String, isUnified: Bool) throws(OperationError) {
        guard isUnified else {
            try Files.set(directory + "/devices.deny", to: "a")
            for line in list { try Files.set(directory + "/devices.allow", to: line) }
            return
        }
        guard let cgroup = try CgroupDirectories.open(directory) else { return }
        try DeviceProgram.attach(program, to: cgroup)
    }
}

/// Instructions of BPF (linux/bpf.h, `struct bpf_insn`), as far as they are needed here.
private enum BPF {
    enum Register: UInt64 { case r0, r1, r2, r3, r4, r5 }

    private static func instruction(
        _ code: UInt64, _ target: Register, _ source: Register = .r0, offset: Int16 = 0, value: Int32 = 0
    ) -> UInt64 {
        code | target.rawValue << 8 | source.rawValue << 12 | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: value)) << 32
    }

    /// 32 bits of the context, which is in r1 at the beginning.
    static func load(_ target: Register, from offset: Int16) -> UInt64 {
        instruction(0x61, target, .r1, offset: offset)
    }
    static func move(_ target: Register, from source: Register) -> UInt64 { instruction(0xbf, target, source) }
    static func move(_ target: Register, _ value: Int32) -> UInt64 { instruction(0xb7, target, value: value) }
    static func and(_ target: Register, _ value: Int32) -> UInt64 { instruction(0x57, target, value: value) }
    static func shiftRight(_ target: Register, _ bits: Int32) -> UInt64 { instruction(0x77, target, value: bits) }
    /// Goes past the next `count` instructions; compares 32 bits.
    static func skip(_ count: Int16, unless register: Register, is value: Int32) -> UInt64 {
        instruction(0x56, register, offset: count, value: value)
    }
    static let exit = instruction(0x95, .r0)
}
