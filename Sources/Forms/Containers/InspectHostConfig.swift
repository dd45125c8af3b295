import Core

extension ContainerDefinition {
    /// `HostConfig`: what was asked of this host, also of a container that has ended.
    var inspectedHostConfig: JSON {
        .object(hostMembers + kernelMembers + limitMembers)
    }

    private typealias Members = [(key: String, value: JSON)]

    private var hostMembers: Members {
        [
            ("Binds", .strings(binds.map { "\($0.source):\($0.target)" + ($0.readOnly ? ":ro" : "") })),
            ("ContainerIDFile", .string(asked.cidFile ?? "")),
            ("LogConfig", ["Type": .string(log.driver), "Config": log.options.json]),
            ("NetworkMode", .string(askedNetwork)), ("PortBindings", Self.bindings(publish)),
            (
                "RestartPolicy",
                [
                    "Name": .string(restart.name.rawValue),
                    "MaximumRetryCount": .number(restart.maximumRetryCount),
                ]
            ),
            ("AutoRemove", .bool(autoRemove)), ("VolumeDriver", ""), ("VolumesFrom", nil), ("Mounts", nil),
            ("ConsoleSize", [0, 0]), ("Dns", []), ("DnsOptions", []), ("DnsSearch", []), ("ExtraHosts", nil),
            ("GroupAdd", nil), ("Links", nil), ("PublishAllPorts", .bool(asked.publishesExposed)),
            ("ReadonlyRootfs", .bool(readOnlyRoot)),
            (
                "Tmpfs",
                temporaryMounts.isEmpty
                    ? .null : .object(temporaryMounts.map { ($0.target, .string($0.options)) })
            ),
        ]
    }

    private var kernelMembers: Members {
        [
            ("CapAdd", JSON.list(asked.capabilitiesAdded)), ("CapDrop", JSON.list(asked.capabilitiesDropped)),
            ("CapEffective", .strings(capabilities.map { "CAP_" + $0 })), ("CgroupnsMode", "private"),
            ("Cgroup", ""), ("IpcMode", "private"), ("PidMode", ""), ("UTSMode", ""), ("UsernsMode", ""),
            ("OomScoreAdj", 0), ("Privileged", .bool(privileged)), ("SecurityOpt", JSON.list(securityOptions)),
            // Of every container (Containers/RootFilesystem).
            ("ShmSize", .int(64 << 20)), ("Sysctls", nil), ("StorageOpt", nil), ("Runtime", "mydocker"),
            ("Isolation", ""), ("Init", .bool(usesInit)),
        ]
    }

    private var limitMembers: Members {
        [
            ("CpuShares", .number(limits.cpuShares ?? 0)), ("Memory", .number(limits.memory ?? 0)),
            ("NanoCpus", .number((limits.milliCPUs ?? 0) * 1_000_000)), ("CgroupParent", ""), ("BlkioWeight", 0),
            ("CpuPeriod", 0), ("CpuQuota", 0), ("CpuRealtimePeriod", 0), ("CpuRealtimeRuntime", 0),
            ("CpusetCpus", .string(limits.cpuset ?? "")), ("CpusetMems", ""), ("Devices", inspectedDevices),
            ("DeviceCgroupRules", nil), ("DeviceRequests", nil), ("MemoryReservation", 0),
            ("MemorySwap", .number(limits.memoryAndSwap ?? 0)), ("MemorySwappiness", nil), ("OomKillDisable", nil),
            ("PidsLimit", .optional(limits.pids)),
            (
                "Ulimits",
                .array(ulimits.map { ["Name": .string($0.name), "Soft": .int($0.soft), "Hard": .int($0.hard)] })
            ),
        ]
    }

    private var inspectedDevices: JSON {
        .array(
            devices.map { device in
                [
                    "PathOnHost": .string(device.source), "PathInContainer": .string(device.target),
                    "CgroupPermissions": .string(device.permissions),
                ]
            })
    }

    /// As `--security-opt` has them. Without one, a privileged container is unconfined, too.
    private var securityOptions: [String] {
        let isUsual = seccomp == "default" || privileged && seccomp == "unconfined"
        return (noNewPrivileges ? ["no-new-privileges"] : []) + (isUsual ? [] : ["seccomp=\(seccomp)"])
    }

    /// `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`: no address is every address, no port is any port.
    private static func bindings(_ requests: [PublishRequest]) -> JSON {
        var ports: [(key: String, value: JSON)] = []
        for request in requests {
            let address = request.hostAddress.isUnspecified ? "" : request.hostAddress.description
            for (containerPort, hostPorts) in request.choices {
                let binding: JSON = ["HostIp": .string(address), "HostPort": .string(hostPorts?.portText ?? "")]
                ports.append(("\(containerPort)/\(request.transport.rawValue)", binding))
            }
        }
        return .object(JSON.gathered(ports))
    }
}

extension TemporaryMount {
    /// As `--tmpfs` has them.
    fileprivate var options: String {
        ((readOnly ? ["ro"] : []) + (isExecutable ? ["exec"] : []) + (data.isEmpty ? [] : [data]))
            .joined(separator: ",")
    }
}
