import Core
import Engine

/// What each RUN may have of this host: as for `run`.
extension BuildCommand {
    static var limitFlags: [Flag<BuildCommand>] {
        [
            .value("memory", short: "m", "BYTES", "Memory limit of each RUN, such as 64m") {
                command, text throws(OperationError) in
                command.request.limits.resources.memory = try LimitValue.memory(text)
            },
            .value("memory-swap", "BYTES", "Limit of memory and swap together; -1 is no limit") {
                command, text throws(OperationError) in
                command.request.limits.resources.memorySwap = try LimitValue.memorySwap(text)
            },
            .value("shm-size", "BYTES", "Size of /dev/shm (default 64m)") { command, text throws(OperationError) in
                guard let bytes = ByteCount.parse(text) else {
                    throw OperationError("use a number of bytes such as 64m")
                }
                command.request.limits.sharedMemory = bytes == 0 ? nil : bytes
            },
            .value("ulimit", "NAME=SOFT[:HARD]", "Limit of a resource") { command, text throws(OperationError) in
                command.request.limits.ulimits.append(try ResourceUlimit(parsing: text))
            },
            .value("cgroup-parent", "CGROUP", "Cgroup to run below, such as batch/jobs") {
                command, text throws(OperationError) in
                command.request.limits.cgroupParent = try SimpleValue.given(text, CgroupParent.init)
            },
        ] + processorFlags
    }

    private static var processorFlags: [Flag<BuildCommand>] {
        [
            .value("cpu-shares", short: "c", "NUMBER", "Relative CPU weight; 1024 is the usual one") {
                command, text throws(OperationError) in
                command.request.limits.resources.cpuShares = try LimitValue.cpuShares(text)
            },
            .value("cpu-quota", "MICROSECONDS", "CPU time in each period; -1 is no limit") {
                command, text throws(OperationError) in
                command.request.limits.resources.cpuQuota = try LimitValue.cpuQuota(text)
            },
            .value("cpu-period", "MICROSECONDS", "Period of --cpu-quota, 1000 to 1000000") {
                command, text throws(OperationError) in
                command.request.limits.resources.cpuPeriod = try LimitValue.cpuPeriod(text)
            },
            .value("cpuset-cpus", "LIST", "Processors to run on, such as 0-2,4") {
                command, text throws(OperationError) in
                command.request.limits.resources.cpuset = try SimpleValue.given(text, LimitValue.cpuset)
            },
            .value("cpuset-mems", "LIST", "Memory nodes to use, such as 0-1") { command, text throws(OperationError) in
                command.request.limits.resources.memoryNodes = try SimpleValue.given(text, LimitValue.memoryNodes)
            },
        ]
    }
}
