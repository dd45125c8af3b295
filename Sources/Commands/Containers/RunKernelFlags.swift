import Core
import Engine

/// What the kernel is told about a container and its processes.
extension RunCommand {
    static var kernel: [Flag<RunCommand>] {
        [
            .value("shm-size", "BYTES", "Size of /dev/shm (default 64m)") { command, text throws(OperationError) in
                guard let bytes = ByteCount.parse(text) else {
                    throw OperationError("use a number of bytes such as 64m")
                }
                command.request.kernel.sharedMemory = bytes == 0 ? nil : bytes
            },
            .value("sysctl", "NAME=VALUE", "Set a kernel parameter of the container's namespaces") {
                command, text throws(OperationError) in
                let (name, value) = try SimpleValue.pair(text)
                guard SysctlScope(of: name) != nil else {
                    throw OperationError("sysctl '\(text)' is not allowed", kind: .invalid)
                }
                command.request.kernel.sysctls[name] = value
            },
            .value("oom-score-adj", "NUMBER", "How soon it is ended for lack of memory, -1000 to 1000") {
                command, text throws(OperationError) in
                command.request.kernel.oomScore = Int32(
                    try SimpleValue.number(
                        text, in: KernelSettings.oomScores,
                        else: "Invalid value \(text), range for oom score adj is [-1000, 1000]"))
            },
            .value("device-cgroup-rule", "RULE", "Let it open devices by their numbers, such as 'c 42:* rwm'") {
                command, text throws(OperationError) in
                guard let rule = DeviceCgroupRule(text) else {
                    throw OperationError("invalid device cgroup format '\(text)'", kind: .invalid)
                }
                command.request.kernel.deviceRules.append(rule)
            },
            .value("group-add", "GROUP", "Further group of its processes, by name or number") {
                command, text throws(OperationError) in
                command.request.groupsAdded.append(try SimpleValue.nonEmpty(text))
            },
            .value("annotation", "KEY=VALUE", "Note for other programs, shown by inspect") {
                command, text throws(OperationError) in
                let (key, value) = try SimpleValue.pair(text)
                command.request.annotations[key] = value
            },
            .value("pidfile", "FILE", "Write the number of its first process to a file whenever it begins") {
                command, text throws(OperationError) in
                command.request.pidFile = try SimpleValue.given(text) { path throws(OperationError) in
                    try PathValue.host(path)
                }
            },
        ]
    }
}
