import Containers
import Core
import Glibc
import Linux

extension Host {
    /// The processes of a container that runs: those in its cgroup; where it has none, those of its pid namespace.
    package func processes(of state: ContainerState) -> [pid_t] {
        guard let pid = state.pid else { return [] }
        if let directory = state.cgroups.first {
            let found = CgroupDirectories.processes(in: directory).sorted()
            if !found.isEmpty { return found }
        }
        let namespace = Files.link("/proc/\(pid)/ns/pid")
        let all = ((try? Files.names(in: "/proc")) ?? []).compactMap { pid_t($0) }.sorted()
        return all.filter { namespace != nil && Files.link("/proc/\($0)/ns/pid") == namespace }
    }

    /// What a container uses now; all is 0 where it does not run.
    /// - Parameter memory: bytes of this host.
    package func usage(of definition: ContainerDefinition, hostMemory memory: Int64) -> ContainerUsage {
        var usage = ContainerUsage(moment: .now())
        guard case .supervised(let state) = liveness(of: definition.id), let pid = state.pid else { return usage }
        let counted = CgroupUsage(cgroups(of: definition.id, state))
        usage.memoryLimit = min(definition.limits.memory ?? memory, memory)
        if definition.networkMode != .host {
            (usage.received, usage.sent) = NetworkTraffic.read(Files.text("/proc/\(pid)/net/dev") ?? "")
        }
        // Without a limit a container is in no cgroup of version 1 that counts.
        let isAllCounted = counted.memory != nil && counted.cpu != nil && counted.tasks != nil && counted.disk != nil
        let processes =
            isAllCounted
            ? []
            : self.processes(of: state).compactMap {
                ProcessStatus(reading: $0, readsDisk: true)
            }
        let ticks = Int64(sysconf(Int32(_SC_CLK_TCK)))
        usage.cpu = counted.cpu ?? processes.reduce(0) { $0 + Int64($1.cpuTicks) * (1_000_000_000 / ticks) }
        usage.memory = counted.memory ?? processes.reduce(0) { $0 + $1.anonymousSize }
        usage.tasks = counted.tasks ?? processes.reduce(0) { $0 + $1.threads }
        usage.read = counted.disk?.read ?? processes.reduce(0) { $0 + $1.read }
        usage.written = counted.disk?.written ?? processes.reduce(0) { $0 + $1.written }
        return usage
    }
}

/// What has gone through the interfaces of a network namespace.
enum NetworkTraffic {
    /// Bytes of all of them but `lo`.
    /// - Parameter text: `/proc/PID/net/dev`.
    static func read(_ text: String) -> (received: Int64, sent: Int64) {
        var sums: (received: Int64, sent: Int64) = (0, 0)
        for line in text.split(separator: "\n").dropFirst(2) {
            guard let colon = line.lastIndex(of: ":") else { continue }
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { Int64($0) ?? 0 }
            let name = line[..<colon].drop { $0 == " " }
            guard name != "lo", numbers.count > 8 else { continue }
            sums.received += numbers[0]
            sums.sent += numbers[8]
        }
        return sums
    }
}
