import Core
import Engine

/// Limits that are given as the kernel has them.
extension RunCommand {
    static var kernelLimits: [Flag<RunCommand>] {
        [
            .value("memory-reservation", "BYTES", "Memory that the kernel leaves it") {
                command, text throws(OperationError) in
                command.request.limits.memoryReservation = try LimitValue.memoryReservation(text)
            },
            .value("memory-swappiness", "NUMBER", "How readily its memory is swapped out, 0 to 100; -1 is the usual") {
                command, text throws(OperationError) in
                command.request.limits.memorySwappiness = try LimitValue.swappiness(text)
            },
            .toggle("oom-kill-disable", "Let it wait for memory instead of ending it") {
                $0.request.limits.disablesOutOfMemoryKills = $1
            },
            .value("cpu-quota", "MICROSECONDS", "CPU time in each period; -1 is no limit") {
                command, text throws(OperationError) in
                command.request.limits.cpuQuota = try LimitValue.cpuQuota(text)
            },
            .value("cpu-period", "MICROSECONDS", "Period of --cpu-quota, 1000 to 1000000") {
                command, text throws(OperationError) in
                command.request.limits.cpuPeriod = try LimitValue.cpuPeriod(text)
            },
            .value("cgroup-parent", "CGROUP", "Cgroup to run below, such as batch/jobs") {
                command, text throws(OperationError) in
                command.request.cgroupParent = try SimpleValue.given(text, CgroupParent.init)
            },
            .value("cpuset-mems", "LIST", "Memory nodes to use, such as 0-1") { command, text throws(OperationError) in
                command.request.limits.memoryNodes = try SimpleValue.given(text, LimitValue.memoryNodes)
            },
            .value("blkio-weight", "NUMBER", "Relative weight of its disk accesses, 10 to 1000") {
                command, text throws(OperationError) in
                command.request.limits.blockWeight = try LimitValue.blockWeight(text)
            },
        ]
    }
}
