import Core
import Testing

@testable import Containers

/// What each limit is in the kernel's files, by the version of the hierarchy (cgroup-v2.rst, cgroup-v1/*.rst).
@Suite struct LimitSettingsTests {
    private func limits(_ set: (inout ResourceLimits) -> Void) -> ResourceLimits {
        var limits = ResourceLimits()
        set(&limits)
        return limits
    }

    private func written(
        _ controller: String, unified: Bool, _ set: (inout ResourceLimits) -> Void
    ) -> [String] {
        let limits = limits(set)
        let settings =
            unified
            ? limits.unifiedSettings(controller, in: "/d") : limits.version1Settings(controller, in: "/d")
        return settings.flatMap { setting in
            ["\(setting.path)=\(setting.value)"] + setting.alternatives.map { "or \($0.path)=\($0.value)" }
        }
    }

    @Test func memory() {
        let set: (inout ResourceLimits) -> Void = { $0.memoryReservation = 8 << 20 }
        #expect(written("memory", unified: true, set) == ["/d/memory.low=8388608"])
        #expect(written("memory", unified: false, set) == ["/d/memory.soft_limit_in_bytes=8388608"])
        #expect(
            written("memory", unified: false) { ($0.memorySwappiness, $0.disablesOutOfMemoryKills) = (0, true) }
                == ["/d/memory.swappiness=0", "/d/memory.oom_control=1"])
    }

    @Test func processorTime() {
        func both(_ set: (inout ResourceLimits) -> Void) -> [[String]] {
            [written("cpu", unified: true, set), written("cpu", unified: false, set)]
        }
        #expect(
            both { ($0.cpuQuota, $0.cpuPeriod) = (20_000, 50_000) }
                == [["/d/cpu.max=20000 50000"], ["/d/cpu.cfs_period_us=50000", "/d/cpu.cfs_quota_us=20000"]])
        #expect(both { $0.cpuQuota = 20_000 }[0] == ["/d/cpu.max=20000 100000"])
        #expect(
            both { $0.cpuPeriod = 50_000 }
                == [["/d/cpu.max=max 50000"], ["/d/cpu.cfs_period_us=50000", "/d/cpu.cfs_quota_us=-1"]])
        #expect(both { $0.cpuQuota = -1 }[0] == ["/d/cpu.max=max 100000"])
        #expect(both { $0.milliCPUs = 1500 }[0] == ["/d/cpu.max=150000 100000"])
    }

    @Test func nodesAndWeight() {
        #expect(written("cpuset", unified: true) { $0.memoryNodes = "0-1" } == ["/d/cpuset.mems=0-1"])
        // 10 to 1000 is 1 to 10000 where I/O cost is what weighs.
        #expect(
            written("io", unified: true) { $0.blockWeight = 10 } == ["/d/io.bfq.weight=10", "or /d/io.weight=1"])
        #expect(written("io", unified: true) { $0.blockWeight = 1000 }.last == "or /d/io.weight=10000")
        #expect(
            written("io", unified: false) { $0.blockWeight = 500 }
                == ["/d/blkio.bfq.weight=500", "or /d/blkio.weight=500"])
    }

    @Test func whatVersion2HasNotIsRefused() throws {
        let unified = CgroupHost(unified: "/sys/fs/cgroup", unifiedControllers: ["memory"], version1: [])
        let version1 = CgroupHost(unified: nil, unifiedControllers: [], version1: ["memory", "blkio"])
        for set: (inout ResourceLimits) -> Void in [
            { $0.memorySwappiness = 10 }, { $0.disablesOutOfMemoryKills = true },
        ] {
            #expect(throws: OperationError.self) { try unified.plan(for: .random(), limits: limits(set)) }
            #expect(try version1.plan(for: .random(), limits: limits(set)).settings.count == 1)
        }
        let plan = try version1.plan(for: .random(), limits: limits { $0.blockWeight = 10 })
        #expect(plan.version1.first?.hasPrefix("/sys/fs/cgroup/blkio/mydocker/") == true)
    }

    @Test func everyLimitNamesItsFlag() throws {
        let none = CgroupHost(unified: nil, unifiedControllers: [], version1: [])
        let flags: [(String, (inout ResourceLimits) -> Void)] = [
            ("--memory-reservation", { $0.memoryReservation = 1 << 24 }), ("--cpu-quota", { $0.cpuQuota = 5000 }),
            ("--cpu-period", { $0.cpuPeriod = 5000 }), ("--cpuset-mems", { $0.memoryNodes = "0" }),
            ("--blkio-weight", { $0.blockWeight = 10 }), ("--oom-kill-disable", { $0.disablesOutOfMemoryKills = true }),
        ]
        for (flag, set) in flags {
            do throws(OperationError) {
                _ = try none.plan(for: .random(), limits: limits(set))
                Issue.record("\(flag) is set without a controller")
            } catch { #expect(error.description.contains(flag), "\(error)") }
        }
    }
}
