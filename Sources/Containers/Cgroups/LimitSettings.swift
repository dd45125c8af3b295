import Core

extension ResourceLimits {
    /// The controllers that are needed, each with the flag that asks for it. Those of version 1 have the same names but for
    /// `io`, which is `blkio` there.
    var controllers: [(controller: String, flag: String)] {
        let asked: [(isAsked: Bool, controller: String, flag: String)] = [
            (memory != nil || memorySwap != nil, "memory", "--memory"),
            (memoryReservation != nil, "memory", "--memory-reservation"),
            (memorySwappiness != nil, "memory", "--memory-swappiness"),
            (disablesOutOfMemoryKills, "memory", "--oom-kill-disable"),
            (milliCPUs != nil, "cpu", "--cpus"), (cpuQuota != nil, "cpu", "--cpu-quota"),
            (cpuPeriod != nil, "cpu", "--cpu-period"), (cpuShares != nil, "cpu", "--cpu-shares"),
            (cpuset != nil, "cpuset", "--cpuset-cpus"), (memoryNodes != nil, "cpuset", "--cpuset-mems"),
            (pids != nil, "pids", "--pids-limit"), (blockWeight != nil, "io", "--blkio-weight"),
        ]
        var needed: [(controller: String, flag: String)] = []
        for (isAsked, controller, flag) in asked
        where isAsked && !needed.contains(where: { $0.controller == controller }) {
            needed.append((controller, flag))
        }
        return needed
    }

    /// - Throws: for what version 2 has nothing of.
    func checkUnified(_ controller: String) throws(OperationError) {
        guard controller == "memory" else { return }
        if memorySwappiness != nil { throw Self.unknownToUnified("--memory-swappiness") }
        if disablesOutOfMemoryKills { throw Self.unknownToUnified("--oom-kill-disable") }
    }

    private static func unknownToUnified(_ flag: String) -> OperationError {
        OperationError(
            "set \(flag)", reason: "cgroup version 2, which this host has, knows no such limit",
            remedy: "leave it out", kind: .unsupported)
    }

    // MARK: Version 2

    /// Files of cgroup-v2.rst.
    func unifiedSettings(_ controller: String, in directory: String) -> [CgroupPlan.Setting] {
        switch controller {
        case "memory": unifiedMemory(in: directory)
        case "cpu": settings(unifiedProcessors, in: directory)
        case "cpuset": settings(processorsAndNodes, in: directory)
        case "io": blockWeight.map { [Self.unifiedWeight($0, in: directory)] } ?? []
        default: settings([("pids.max", pids)], in: directory)
        }
    }

    private func unifiedMemory(in directory: String) -> [CgroupPlan.Setting] {
        var all = settings([("memory.low", memoryReservation), ("memory.max", memory)], in: directory)
        if memory != nil || memorySwap != nil {
            all.append(.init(path: "\(directory)/memory.oom.group", value: "1"))
        }
        if let memory, let total = memoryAndSwap {
            all.append(
                .init(
                    path: "\(directory)/memory.swap.max", value: total < 0 ? "max" : String(max(0, total - memory)),
                    isOptional: memorySwap == nil))
        }
        return all
    }

    private var unifiedProcessors: [(String, String?)] {
        let time = cpuTime.map { "\($0.quota.map { String($0) } ?? "max") \($0.period)" }
        // 2...262144 onto 1...10000, as every runtime does.
        return [("cpu.max", time), ("cpu.weight", cpuShares.map { String(1 + ($0 - 2) * 9999 / 262_142) })]
    }

    /// The scheduler that has weights is BFQ, or else the controller of I/O cost: 10...1000 onto 1...10000.
    private static func unifiedWeight(_ weight: Int64, in directory: String) -> CgroupPlan.Setting {
        .init(
            path: "\(directory)/io.bfq.weight", value: String(weight),
            alternatives: [.init(path: "\(directory)/io.weight", value: String(1 + (weight - 10) * 9999 / 990))])
    }

    // MARK: Version 1

    /// Files of cgroup-v1/*.rst.
    func version1Settings(_ controller: String, in directory: String) -> [CgroupPlan.Setting] {
        switch controller {
        case "memory": version1Memory(in: directory)
        case "cpu": settings(version1Processors, in: directory)
        case "cpuset": settings(processorsAndNodes, in: directory)
        case "io": blockWeight.map { [Self.version1Weight($0, in: directory)] } ?? []
        default: settings([("pids.max", pids)], in: directory)
        }
    }

    private static func version1Weight(_ weight: Int64, in directory: String) -> CgroupPlan.Setting {
        .init(
            path: "\(directory)/blkio.bfq.weight", value: String(weight),
            alternatives: [.init(path: "\(directory)/blkio.weight", value: String(weight))])
    }

    private func version1Memory(in directory: String) -> [CgroupPlan.Setting] {
        let swap = memoryAndSwap.map {
            CgroupPlan.Setting(
                path: "\(directory)/memory.memsw.limit_in_bytes", value: String($0), isOptional: memorySwap == nil)
        }
        return settings(
            [
                ("memory.soft_limit_in_bytes", memoryReservation), ("memory.swappiness", memorySwappiness),
                ("memory.oom_control", disablesOutOfMemoryKills ? 1 : nil), ("memory.limit_in_bytes", memory),
            ], in: directory) + (swap.map { [$0] } ?? [])
    }

    private var version1Processors: [(String, String?)] {
        let time = cpuTime
        return [
            ("cpu.cfs_period_us", time.map { String($0.period) }),
            ("cpu.cfs_quota_us", time.map { String($0.quota ?? -1) }), ("cpu.shares", cpuShares.map { String($0) }),
        ]
    }

    // MARK: Both

    private var processorsAndNodes: [(String, String?)] { [("cpuset.cpus", cpuset), ("cpuset.mems", memoryNodes)] }

    private func settings(_ values: [(String, Int64?)], in directory: String) -> [CgroupPlan.Setting] {
        settings(values.map { ($0.0, $0.1.map { String($0) }) }, in: directory)
    }

    private func settings(_ values: [(String, String?)], in directory: String) -> [CgroupPlan.Setting] {
        values.compactMap { file, value in value.map { CgroupPlan.Setting(path: "\(directory)/\(file)", value: $0) } }
    }
}
