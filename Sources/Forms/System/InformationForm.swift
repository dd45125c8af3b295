import Core

extension SystemInformation {
    /// The form of `docker info --format json`, as far as it makes sense without a daemon.
    /// - Parameter version: of this program.
    package func described(version: String) -> JSON {
        .object(counts + limits + host + own(version))
    }

    private var counts: [(key: String, value: JSON)] {
        [
            ("ID", .string(id)), ("Containers", .number(containers)), ("ContainersRunning", .number(running)),
            ("ContainersPaused", .number(paused)), ("ContainersStopped", .number(stopped)),
            ("Images", .number(images)), ("Driver", "overlay2"),
            ("DriverStatus", [["Backing Filesystem", .string(backingFilesystem)]]),
            (
                "Plugins",
                [
                    "Volume": ["local"], "Network": .strings(Self.drivers), "Authorization": nil,
                    "Log": .strings(Self.logDrivers),
                ]
            ),
        ]
    }

    private var limits: [(key: String, value: JSON)] {
        func has(_ controller: String) -> JSON { .bool(controllers.contains(controller)) }
        return [
            ("MemoryLimit", has("memory")), ("SwapLimit", has("memory")), ("CpuCfsPeriod", has("cpu")),
            ("CpuCfsQuota", has("cpu")), ("CPUShares", has("cpu")), ("CPUSet", has("cpuset")),
            ("PidsLimit", has("pids")), ("IPv4Forwarding", .bool(isForwarding)), ("Debug", false),
            ("OomKillDisable", false), ("SystemTime", .string(now.description)), ("LoggingDriver", "json-file"),
            ("CgroupDriver", "cgroupfs"), ("CgroupVersion", .string(String(cgroupVersion))),
        ]
    }

    private var host: [(key: String, value: JSON)] {
        [
            ("KernelVersion", .string(kernel)), ("OperatingSystem", .string(operatingSystem)),
            ("OSVersion", .string(operatingSystemVersion)), ("OSType", "linux"),
            ("Architecture", .string(architecture)), ("NCPU", .number(processors)), ("MemTotal", .int(memory)),
            ("Name", .string(hostname)),
        ]
    }

    private func own(_ version: String) -> [(key: String, value: JSON)] {
        let runtime: JSON = ["mydocker": ["path": "mydocker"]]
        return [
            ("DockerRootDir", .string(root)), ("Labels", []), ("ExperimentalBuild", false),
            ("ServerVersion", .string(version)), ("Runtimes", runtime), ("DefaultRuntime", "mydocker"),
            ("Swarm", ["NodeID": "", "LocalNodeState": "inactive"]), ("LiveRestoreEnabled", true),
            ("InitBinary", ""), ("SecurityOptions", .strings(Self.securityOptions)),
            ("Warnings", shownWarnings.isEmpty ? nil : .strings(shownWarnings)),
            ("ClientInfo", ["Debug": false, "Version": .string(version), "Context": "default", "Plugins": []]),
        ]
    }

    private static let drivers = ["bridge", "host", "null"]
    private static let logDrivers = ["journald", "json-file", "local", "syslog"]
    private static let securityOptions = ["name=seccomp,profile=builtin"]

    private var shownWarnings: [String] {
        let missing = ["memory", "cpu", "cpuset", "pids"].filter { !controllers.contains($0) }
        return missing.map { "WARNING: No \($0) limit support" } + warnings.map { "WARNING: \($0)" }
    }
}

extension SystemInformation {
    /// What `docker info` prints, as far as it makes sense without a daemon.
    package func text(version: String) -> String {
        let lines =
            [
                "Client:", " Version:    \(version)", " Context:    default", " Debug Mode: false", "", "Server:",
                " Containers: \(containers)", "  Running: \(running)", "  Paused: \(paused)",
                "  Stopped: \(stopped)", " Images: \(images)", " Server Version: \(version)",
                " Storage Driver: overlay2", "  Backing Filesystem: \(backingFilesystem)", " Logging Driver: json-file",
                " Cgroup Driver: cgroupfs", " Cgroup Version: \(cgroupVersion)", " Plugins:", "  Volume: local",
                "  Network: \(Self.drivers.joined(separator: " "))", "  Log: \(Self.logDrivers.joined(separator: " "))",
                " Swarm: inactive",
                " Runtimes: mydocker", " Default Runtime: mydocker", " Security Options:", "  seccomp",
                "   Profile: builtin", " Kernel Version: \(kernel)", " Operating System: \(operatingSystem)",
                " OSType: linux", " Architecture: \(architecture)", " CPUs: \(processors)",
                " Total Memory: \(HumanText.binarySize(memory))", " Name: \(hostname)", " ID: \(id)",
                " Docker Root Dir: \(root)", " Debug Mode: false", " Experimental: false",
                " Live Restore Enabled: true", "",
            ] + shownWarnings
        return lines.map { TerminalText.escaped($0) + "\n" }.joined()
    }
}
