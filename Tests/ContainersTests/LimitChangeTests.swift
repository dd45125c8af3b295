import Core
import Testing

@testable import Containers

/// Which files get which values in which order when limits change.
@Suite struct LimitChangeTests {
    private static let id = ContainerID(String(repeating: "ab", count: 32)) ?? ContainerID.random()
    private static let root = CgroupHost.root
    private static let unified = "\(root)/unified/mydocker/\(id.hex)"
    private static func version1(_ controller: String) -> String { "\(root)/\(controller)/mydocker/\(id.hex)" }

    private static let hybrid = CgroupHost(
        unified: "\(root)/unified", unifiedControllers: [], version1: ["memory", "cpu", "cpuset", "pids"])
    private static let version2 = CgroupHost(
        unified: root, unifiedControllers: ["memory", "cpu", "cpuset", "pids"], version1: [])

    private func limits(_ set: (inout ResourceLimits) -> Void) -> ResourceLimits {
        var limits = ResourceLimits()
        set(&limits)
        return limits
    }

    /// `limit=1` for each file in its order.
    /// - Parameter both: the limit of memory and swap together that the kernel has.
    private func written(
        _ host: CgroupHost, present: [String], both: Int64? = nil, to new: ResourceLimits, touched: Set<String>? = nil
    ) throws -> [String] {
        try host.change(of: Self.id, present: present, to: new, touched: touched) { path in
            path.hasSuffix("memory.memsw.limit_in_bytes") ? both.map { String($0) } : nil
        }.settings.map { "\($0.path.split(separator: "/").last ?? "")=\($0.value)" }
    }

    @Test func memoryIsNeverAboveBothTogether() throws {
        let new = limits { $0.memory = 64 << 20 }
        let present = [Self.unified, Self.version1("memory")]
        let (memory, both) = ("memory.limit_in_bytes=\(64 << 20)", "memory.memsw.limit_in_bytes=\(128 << 20)")
        #expect(try written(Self.hybrid, present: present, both: 100 << 20, to: new) == [both, memory])
        #expect(try written(Self.hybrid, present: present, both: 200 << 20, to: new) == [memory, both])
        // It had none, which the kernel writes as a large number.
        #expect(try written(Self.hybrid, present: present, both: 9_223_372_036_854_771_712, to: new) == [memory, both])
        let unlimited = limits { ($0.memory, $0.memorySwap) = (64 << 20, -1) }
        #expect(
            try written(Self.hybrid, present: present, both: 100 << 20, to: unlimited)
                == ["memory.memsw.limit_in_bytes=-1", memory])
    }

    @Test func whatItIsNotInYetIsJoined() throws {
        let new = limits { ($0.memory, $0.pids) = (64 << 20, 9) }
        let change = try Self.hybrid.change(
            of: Self.id, present: [Self.unified, Self.version1("pids")], to: new, touched: nil
        ) { _ in nil }
        #expect(change.joined == [Self.version1("memory")])
        #expect(change.unified == Self.unified)
        #expect(change.controllers == [])
        // A new directory has no limit: that of memory goes first.
        #expect(
            change.settings.map(\.path) == [
                Self.version1("memory") + "/memory.limit_in_bytes",
                Self.version1("memory") + "/memory.memsw.limit_in_bytes", Self.version1("pids") + "/pids.max",
            ])
    }

    @Test func version2IsOneDirectory() throws {
        let new = limits { ($0.memory, $0.milliCPUs, $0.cpuset) = (64 << 20, 1500, "0") }
        let change = try Self.version2.change(
            of: Self.id, present: ["\(Self.root)/mydocker/\(Self.id.hex)"], to: new, touched: nil
        ) { _ in nil }
        #expect(change.joined == [])
        #expect(change.controllers == ["memory", "cpu", "cpuset"])
        #expect(
            change.settings.map { "\($0.path.split(separator: "/").last ?? "")=\($0.value)" } == [
                "memory.max=\(64 << 20)", "memory.oom.group=1", "memory.swap.max=\(64 << 20)", "cpu.max=150000 100000",
                "cpuset.cpus=0",
            ])
    }

    @Test func onlyWhatItIsAbout() throws {
        let new = limits { ($0.memory, $0.pids) = (64 << 20, 20) }
        let present = [Self.unified, Self.version1("memory"), Self.version1("pids")]
        #expect(try written(Self.hybrid, present: present, to: new, touched: ["pids"]) == ["pids.max=20"])
        #expect(try written(Self.hybrid, present: present, to: new, touched: []) == [])
    }

    @Test func aLimitIsTakenBackWhereThereIsOne() throws {
        let file = Self.version1("pids") + "/pids.max"
        func change(has: Bool, touched: Set<String>) throws -> LimitChange {
            try Self.hybrid.change(of: Self.id, present: [Self.unified], to: ResourceLimits(), touched: touched) {
                has && $0 == file ? "9" : nil
            }
        }
        #expect(try change(has: true, touched: ["pids"]).settings == [.init(path: file, value: "max")])
        #expect(try change(has: false, touched: ["pids"]) == change(has: true, touched: ["cpu"]))
        #expect(try change(has: false, touched: ["pids"]).joined == [])
    }

    @Test func aLimitWithoutAControllerIsAnError() {
        let host = CgroupHost(unified: "\(Self.root)/unified", unifiedControllers: [], version1: [])
        let error = #expect(throws: OperationError.self) {
            try host.change(
                of: Self.id, present: [Self.unified], to: limits { $0.memory = 64 << 20 }, touched: nil
            ) { _ in nil }
        }
        #expect(error?.description == "set --memory: this host has no memory cgroup controller")
    }

    /// Version 1 alone tracks a container by the freezer; nobody else pays for that.
    @Test func theFreezerIsJoinedWhereNothingElseTracks() throws {
        let alone = CgroupHost(unified: nil, unifiedControllers: [], version1: ["freezer", "memory"])
        #expect(try alone.plan(for: Self.id, limits: ResourceLimits()).directories == [Self.version1("freezer")])
        let both = CgroupHost(unified: "\(Self.root)/unified", unifiedControllers: [], version1: ["freezer"])
        #expect(try both.plan(for: Self.id, limits: ResourceLimits()).directories == [Self.unified])
    }
}
