/// A container's limits as the kernel has them, in whichever version of cgroups this host keeps them.
struct KernelLimits {
    let id: String

    /// One hierarchy with all controllers (v2), not one for each (v1).
    static let isUnified = !Host.read("/sys/fs/cgroup/cgroup.controllers").isEmpty

    func directory(_ controller: String) -> String {
        "/sys/fs/cgroup/\(Self.isUnified ? "" : controller + "/")mydocker/\(id)"
    }
    private func setting(_ controller: String, _ version1: String, _ version2: String) -> String {
        Host.read("\(directory(controller))/\(controller).\(Self.isUnified ? version2 : version1)")
    }

    /// In bytes.
    var memory: String { setting("memory", "limit_in_bytes", "max") }
    /// Both together, in bytes.
    var memoryAndSwap: Int? {
        let limit = Int(setting("memory", "memsw.limit_in_bytes", "swap.max"))
        guard Self.isUnified else { return limit }
        guard let limit, let memory = Int(memory) else { return nil }
        return memory + limit
    }
    /// Quota and period in microseconds.
    var quota: String {
        guard !Self.isUnified else { return setting("cpu", "", "max") }
        return setting("cpu", "cfs_quota_us", "") + " " + setting("cpu", "cfs_period_us", "")
    }
    /// Version 1: 2 to 262144, usually 1024; version 2: 1 to 10000, usually 100.
    var shares: String { setting("cpu", "shares", "weight") }
    var processors: String { setting("cpuset", "cpus", "cpus") }
    var processes: String { setting("pids", "max", "max") }
    var nodes: String { setting("cpuset", "mems", "mems") }
    /// In bytes.
    var reservation: String { setting("memory", "soft_limit_in_bytes", "low") }
    /// Of version 1 alone.
    var swappiness: String { setting("memory", "swappiness", "") }
    /// How often it was made to wait for its quota.
    var throttled: Int? {
        setting("cpu", "stat", "stat").split(separator: "\n").first { $0.hasPrefix("nr_throttled ") }
            .flatMap { Int($0.dropFirst("nr_throttled ".count)) }
    }

    /// The processes that a controller counts.
    func members(_ controller: String) -> [String] {
        Host.read("\(directory(controller))/cgroup.procs").split(separator: "\n").map(String.init)
    }
}
