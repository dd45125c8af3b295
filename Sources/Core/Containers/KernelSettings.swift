/// What a container's kernel interfaces are set to.
package struct KernelSettings: Equatable, Sendable {
    /// Bytes of /dev/shm; nil is the usual size.
    package var sharedMemory: Int64?
    /// Values by their dotted names (`--sysctl`).
    package var sysctls: [String: String] = [:]
    /// -1000 to 1000: the higher, the sooner the kernel ends it for lack of memory.
    package var oomScore: Int32 = 0
    /// Further devices that it may open, wherever their nodes are.
    package var deviceRules: [DeviceCgroupRule] = []

    /// Bytes of /dev/shm unless something else was asked for: Docker's.
    package static let usualSharedMemory: Int64 = 64 << 20
    package static let oomScores: ClosedRange<Int64> = -1000...1000

    package init() {}
}

/// What a setting of the kernel's is one of.
package enum SysctlScope: Equatable, Sendable {
    case ipc, network

    private static let ipcNames: Set<String> = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    ]

    /// Nil when the setting is the whole host's, or none.
    package init?(of name: String) {
        guard name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty }),
            !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 <= 0x20 })
        else { return nil }
        if name.hasPrefix("net.") {
            self = .network
        } else if name.hasPrefix("fs.mqueue.") || Self.ipcNames.contains(name) {
            self = .ipc
        } else {
            return nil
        }
    }

    /// Where the setting is.
    package static func path(of name: String) -> String {
        "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
    }
}

/// One `--device-cgroup-rule`: devices by their numbers.
package struct DeviceCgroupRule: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case character = "c"
        case block = "b"
        case all = "a"
    }
    package let kind: Kind
    /// Nil is every one.
    package let major: UInt32?
    package let minor: UInt32?
    /// Some of `r`, `w` and `m`.
    package let permissions: String

    package var reads: Bool { permissions.contains("r") }
    package var writes: Bool { permissions.contains("w") }

    /// Reads `c 1:3 rwm`; a `*` is every number.
    package init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let kind = Kind(rawValue: String(words[0])), (1...3).contains(words[2].utf8.count),
            words[2].allSatisfy({ "rwm".contains($0) })
        else { return nil }
        let numbers = words[1].split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count == 2, let major = Self.number(numbers[0]), let minor = Self.number(numbers[1]) else {
            return nil
        }
        (self.kind, self.major, self.minor, permissions) = (kind, major, minor, String(words[2]))
    }

    /// An inner nil is every number, an outer one no number.
    private static func number(_ text: Substring) -> UInt32?? {
        if text == "*" { return .some(nil) }
        guard let number = Decimal.parse(text, in: 0...Int(UInt32.max)) else { return .none }
        return .some(UInt32(number))
    }

    package var text: String {
        "\(kind.rawValue) \(major.map { String($0) } ?? "*"):\(minor.map { String($0) } ?? "*") \(permissions)"
    }
}

extension KernelSettings: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        sharedMemory = try reader.optionalInt("sharedMemory", in: 1...(.max))
        sysctls = try reader.value("sysctls", [String: String].init(json:))
        oomScore = Int32(try reader.int("oomScore", in: Self.oomScores))
        deviceRules = try reader.value("deviceRules") { json in
            json.strings.flatMap { texts in
                let rules = texts.compactMap(DeviceCgroupRule.init)
                return rules.count == texts.count ? rules : nil
            }
        }
    }

    package var json: JSON {
        [
            "sharedMemory": .optional(sharedMemory), "sysctls": sysctls.json, "oomScore": .number(oomScore),
            "deviceRules": .strings(deviceRules.map(\.text)),
        ]
    }
}
