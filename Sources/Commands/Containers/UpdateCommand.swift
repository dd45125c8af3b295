import Core
import Engine

/// `mydocker update`: changes limits and restart policy of containers.
package struct UpdateCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "update", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Change limits and restart policy of containers", operandCount: 1...Int.max)
    }

    var limits = LimitUpdate()
    var restart: String?
    /// A flag was given, whatever it says.
    var isAsked = false

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let update = try update()
        let engine = context.engine
        return context.forEach(operands) { name throws(OperationError) in try engine.update(name, update) }
    }

    package func update() throws(OperationError) -> ContainerUpdate {
        guard isAsked else {
            throw OperationError("you must provide one or more flags when using this command", kind: .invalid)
        }
        var update = ContainerUpdate()
        update.limits = limits
        update.restart = try restart.map { text throws(OperationError) in try RestartPolicy(parsing: text) }
        return update
    }
}

extension UpdateCommand {
    package static var flags: [Flag<UpdateCommand>] {
        [
            limit("memory", short: "m", also: ["mem"], "BYTES", "Memory limit, such as 64m") {
                limits, text throws(OperationError) in
                limits.memory = try LimitValue.memory(text)
            },
            limit("memory-swap", "BYTES", "Limit of memory and swap together; -1 is no limit") {
                limits, text throws(OperationError) in
                limits.memorySwap = try LimitValue.memorySwap(text)
            },
            limit("cpus", "NUMBER", "CPU limit, such as 1.5") { limits, text throws(OperationError) in
                limits.milliCPUs = try LimitValue.cpus(text)
            },
            limit("cpu", "PERCENT", "CPU limit in percent of one CPU") { limits, text throws(OperationError) in
                limits.milliCPUs = try LimitValue.cpuPercent(text)
            },
            limit("cpuset-cpus", also: ["cpuset"], "LIST", "Processors to run on, such as 0-2,4") {
                limits, text throws(OperationError) in
                limits.cpuset = try SimpleValue.given(text, LimitValue.cpuset)
            },
            limit("cpu-shares", short: "c", also: ["cpushare"], "NUMBER", "Relative CPU weight; 1024 is the usual one")
            { limits, text throws(OperationError) in
                limits.cpuShares = try LimitValue.cpuShares(text)
            },
            limit("pids-limit", "NUMBER", "Limit of processes; -1 is no limit") { limits, text throws(OperationError) in
                limits.pids = try LimitValue.pids(text) ?? 0
            },
            limit("memory-reservation", "BYTES", "Memory that the kernel leaves it") {
                limits, text throws(OperationError) in
                limits.memoryReservation = try LimitValue.memoryReservation(text)
            },
            limit("cpu-quota", "MICROSECONDS", "CPU time in each period; -1 is no limit") {
                limits, text throws(OperationError) in
                limits.cpuQuota = try LimitValue.cpuQuota(text)
            },
            limit("cpu-period", "MICROSECONDS", "Period of --cpu-quota, 1000 to 1000000") {
                limits, text throws(OperationError) in
                limits.cpuPeriod = try LimitValue.cpuPeriod(text)
            },
            limit("cpuset-mems", "LIST", "Memory nodes to use, such as 0-1") { limits, text throws(OperationError) in
                limits.memoryNodes = try SimpleValue.given(text, LimitValue.memoryNodes)
            },
            limit("blkio-weight", "NUMBER", "Relative weight of its disk accesses, 10 to 1000") {
                limits, text throws(OperationError) in
                limits.blockWeight = try LimitValue.blockWeight(text)
            },
            .value("restart", "POLICY", "Begin again when it ends: no, on-failure[:TIMES], always or unless-stopped") {
                command, text throws(OperationError) in
                command.isAsked = true
                command.restart = SimpleValue.given(text)
            },
        ]
    }

    /// 0 and an empty value leave it as it is, but for processes: Docker's rule.
    private static func limit(
        _ name: String, short letter: Character? = nil, also aliases: [String] = [], _ placeholder: String,
        _ help: String, _ set: @escaping (inout LimitUpdate, String) throws(OperationError) -> Void
    ) -> Flag<UpdateCommand> {
        .value(name, short: letter, also: aliases, placeholder, help) { command, text throws(OperationError) in
            command.isAsked = true
            try set(&command.limits, text)
        }
    }
}
