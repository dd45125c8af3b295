/// What a container may use. Nil means: no limit was asked for.
package struct ResourceLimits: Equatable, Sendable {
    /// Bytes.
    package var memory: Int64?
    /// Bytes of memory and swap together; -1 for as much swap as there is.
    package var memorySwap: Int64?
    /// The same, and where nothing was asked for twice the memory, as in Docker.
    package var memoryAndSwap: Int64? {
        memorySwap ?? memory.map { $0.multipliedReportingOverflow(by: 2).overflow ? -1 : $0 * 2 }
    }
    /// Thousandths of one CPU.
    package var milliCPUs: Int64?
    /// Relative weight, 2 to 262144; 1024 is the usual one.
    package var cpuShares: Int64?
    /// Processors as the kernel lists them: `0-2,4`.
    package var cpuset: String?
    package var pids: Int64?
    /// Bytes that the kernel leaves it before it takes memory back from it.
    package var memoryReservation: Int64?
    /// 0 to 100: how readily its memory is swapped out.
    package var memorySwappiness: Int64?
    /// Processes wait for memory instead of being ended for lack of it.
    package var disablesOutOfMemoryKills = false
    /// Microseconds of CPU time in each period; -1 is no limit.
    package var cpuQuota: Int64?
    /// Microseconds.
    package var cpuPeriod: Int64?
    /// Memory nodes as the kernel lists them.
    package var memoryNodes: String?
    /// Relative weight of what it reads and writes on disks, 10 to 1000.
    package var blockWeight: Int64?

    /// The same for both ways of asking for it; nil is no limit.
    package var cpuTime: (quota: Int64?, period: Int64)? {
        if let milliCPUs { return (milliCPUs * 100, Self.usualPeriod) }
        if cpuQuota == nil, cpuPeriod == nil { return nil }
        return (cpuQuota.flatMap { $0 < 0 ? nil : $0 }, cpuPeriod ?? Self.usualPeriod)
    }
    private static let usualPeriod: Int64 = 100_000

    package init() {}
    package var isEmpty: Bool { self == ResourceLimits() }
}

extension ResourceLimits: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        memory = try reader.optionalInt("memory", in: 1...(.max))
        memorySwap = try reader.optionalInt("memorySwap", in: -1...(.max))
        milliCPUs = try reader.optionalInt("milliCPUs", in: 1...1_000_000)
        cpuShares = try reader.optionalInt("cpuShares", in: 2...262_144)
        cpuset = try reader.optional("cpuset", \.string)
        pids = try reader.optionalInt("pids", in: 1...(.max))
        memoryReservation = try reader.optionalInt("memoryReservation", in: 1...(.max))
        memorySwappiness = try reader.optionalInt("memorySwappiness", in: 0...100)
        disablesOutOfMemoryKills = try reader.optional("disablesOutOfMemoryKills", \.bool) ?? false
        cpuQuota = try reader.optionalInt("cpuQuota", in: -1...(.max))
        cpuPeriod = try reader.optionalInt("cpuPeriod", in: 1000...1_000_000)
        memoryNodes = try reader.optional("memoryNodes", \.string)
        blockWeight = try reader.optionalInt("blockWeight", in: 10...1000)
    }

    package var json: JSON {
        [
            "memory": .optional(memory), "memorySwap": .optional(memorySwap), "milliCPUs": .optional(milliCPUs),
            "cpuShares": .optional(cpuShares), "cpuset": .optional(cpuset), "pids": .optional(pids),
            "memoryReservation": .optional(memoryReservation), "memorySwappiness": .optional(memorySwappiness),
            "disablesOutOfMemoryKills": .bool(disablesOutOfMemoryKills), "cpuQuota": .optional(cpuQuota),
            "cpuPeriod": .optional(cpuPeriod), "memoryNodes": .optional(memoryNodes),
            "blockWeight": .optional(blockWeight),
        ]
    }
}

/// One `--ulimit`: a resource number of setrlimit(2) with its limits; -1 is infinity.
package struct ResourceUlimit: Equatable, Sendable {
    /// As `ulimit` names them, in the order of Linux's RLIMIT_ numbers.
    package static let names = [
        "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending",
        "msgqueue", "nice", "rtprio", "rttime",
    ]
    package let name: String
    package let soft: Int64
    package let hard: Int64

    /// The RLIMIT_ number.
    package var resource: Int32 { Int32(Self.names.firstIndex(of: name) ?? 0) }

    /// Reads `NAME=SOFT[:HARD]`.
    package init(parsing text: String) throws(OperationError) {
        func invalid(_ reason: String) -> OperationError { OperationError("invalid ulimit", text, reason: reason) }
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2 else { throw invalid("use NAME=SOFT[:HARD]") }
        guard Self.names.contains(halves[0]) else {
            throw invalid("unknown name (have: \(Self.names.joined(separator: ", ")))")
        }
        let values = halves[1].split(separator: ":", omittingEmptySubsequences: false).map {
            $0 == "-1" || $0 == "unlimited" ? -1 : Decimal.parse($0, in: 0...Int.max)
        }
        guard (1...2).contains(values.count), let soft = values[0], let hard = values[values.count - 1] else {
            throw invalid("a limit is a number or unlimited")
        }
        guard hard == -1 || (soft != -1 && soft <= hard) else {
            throw invalid("the soft limit is above the hard limit")
        }
        self.init(name: halves[0], soft: Int64(soft), hard: Int64(hard))
    }

    /// What a program has unless it is asked for: the same wherever it was started from. Stack, locked memory and
    /// message queues are as the kernel has them for process 1; open files as systemd and Docker have them by now, where
    /// much higher ones cost programs that close them all, one by one, seconds. No core dump is written
    /// unless the program raises its own limit. What only others could be protected from is what `--pids-limit` and
    /// `--memory` are for.
    package static let defaults: [ResourceUlimit] = names.map { name in
        switch name {
        case "stack": ResourceUlimit(name: name, soft: 8 << 20, hard: -1)
        case "core": ResourceUlimit(name: name, soft: 0, hard: -1)
        case "nofile": ResourceUlimit(name: name, soft: 1024, hard: 524_288)
        case "memlock": ResourceUlimit(name: name, soft: 8 << 20, hard: 8 << 20)
        case "sigpending": ResourceUlimit(name: name, soft: 65_536, hard: 65_536)
        case "msgqueue": ResourceUlimit(name: name, soft: 819_200, hard: 819_200)
        case "nice", "rtprio": ResourceUlimit(name: name, soft: 0, hard: 0)
        default: ResourceUlimit(name: name, soft: -1, hard: -1)
        }
    }

    private init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}

extension ResourceUlimit: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            name: try reader.text("name") { Self.names.contains($0) ? $0 : nil }, soft: try reader.int("soft"),
            hard: try reader.int("hard"))
    }
    package var json: JSON { ["name": .string(name), "soft": .int(soft), "hard": .int(hard)] }
}
