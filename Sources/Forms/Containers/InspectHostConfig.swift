import Core

extension ContainerDefinition {
    /// `HostConfig`: what was asked of this host, also of a container that has ended.
    /// - Parameter linkNames: what other containers are called now.
    func inspectedHostConfig(_ linkNames: [ContainerID: Name]) -> JSON {
        .object(hostMembers(linkNames) + kernelMembers + limitMembers)
    }

    private typealias Members = [(key: String, value: JSON)]

    private func hostMembers(_ linkNames: [ContainerID: Name]) -> Members {
        [
            ("Binds", .strings(binds.map(\.text) + volumes.filter { !$0.isAnonymous }.map(\.text))),
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
            ("AutoRemove", .bool(autoRemove)), ("VolumeDriver", ""), ("VolumesFrom", JSON.list(asked.volumesFrom)),
            ("Mounts", nil),
            ("ConsoleSize", [0, 0]), ("Dns", .strings(names.servers.map(\.description))),
            ("DnsOptions", .strings(names.options)), ("DnsSearch", .strings(names.searches)),
            ("ExtraHosts", JSON.list(names.extraHosts.map(\.text))), ("GroupAdd", JSON.list(groupsAdded)),
            ("Links", JSON.list(names.links.map { text(of: $0, linkNames) })),
            ("PublishAllPorts", .bool(asked.publishesExposed)),
            ("ReadonlyRootfs", .bool(readOnlyRoot)),
            (
                "Tmpfs",
                temporaryMounts.isEmpty
                    ? .null : .object(temporaryMounts.map { ($0.target, .string($0.options)) })
            ),
        ]
    }

    private func text(of link: ContainerLink, _ linkNames: [ContainerID: Name]) -> String {
        let other = (linkNames[link.container] ?? link.name)?.text ?? link.container.short
        return "/\(other):/\(name)/\(link.alias)"
    }

    private var kernelMembers: Members {
        [
            ("CapAdd", JSON.list(asked.capabilitiesAdded)), ("CapDrop", JSON.list(asked.capabilitiesDropped)),
            ("CapEffective", .strings(capabilities.map { "CAP_" + $0 })),
            ("CgroupnsMode", .string(namespaces.cgroup == .host ? "host" : "private")),
            ("Cgroup", ""), ("IpcMode", .string(namespaces.ipcText)), ("PidMode", .string(namespaces.pid.text)),
            ("UTSMode", .string(namespaces.uts.text)), ("UsernsMode", ""), ("OomScoreAdj", .number(kernel.oomScore)),
            ("Privileged", .bool(privileged)), ("SecurityOpt", JSON.list(securityOptions)),
            ("ShmSize", .int(kernel.sharedMemory ?? KernelSettings.usualSharedMemory)),
            ("Sysctls", kernel.sysctls.isEmpty ? .null : kernel.sysctls.json),
            ("Annotations", asked.annotations.isEmpty ? .null : asked.annotations.json), ("StorageOpt", nil),
            ("Runtime", "mydocker"),
            ("Isolation", ""), ("Init", .bool(usesInit)),
        ]
    }

    private var limitMembers: Members {
        [
            ("CpuShares", .number(limits.cpuShares ?? 0)), ("Memory", .number(limits.memory ?? 0)),
            ("NanoCpus", .number((limits.milliCPUs ?? 0) * 1_000_000)),
            ("CgroupParent", .string(cgroupParent?.text ?? "")),
            ("BlkioWeight", .number(limits.blockWeight ?? 0)), ("CpuPeriod", .number(limits.cpuPeriod ?? 0)),
            ("CpuQuota", .number(limits.cpuQuota ?? 0)), ("CpuRealtimePeriod", 0), ("CpuRealtimeRuntime", 0),
            ("CpusetCpus", .string(limits.cpuset ?? "")),
            ("CpusetMems", .string(limits.memoryNodes ?? "")), ("Devices", inspectedDevices),
            ("DeviceCgroupRules", JSON.list(kernel.deviceRules.map(\.text))), ("DeviceRequests", nil),
            ("MemoryReservation", .number(limits.memoryReservation ?? 0)),
            ("MemorySwap", .number(limits.memoryAndSwap ?? 0)),
            ("MemorySwappiness", .optional(limits.memorySwappiness)),
            ("OomKillDisable", limits.disablesOutOfMemoryKills ? true : .null),
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
            + asked.idleSecurityOptions
    }

    /// `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`: no address is that none was named, no port is any port.
    private static func bindings(_ requests: [PublishRequest]) -> JSON {
        var ports: [(key: String, value: JSON)] = []
        for request in requests {
            let address = request.hostAddress?.description ?? ""
            for (containerPort, hostPorts) in request.choices {
                let binding: JSON = ["HostIp": .string(address), "HostPort": .string(hostPorts?.portText ?? "")]
                ports.append(("\(containerPort)/\(request.transport.rawValue)", binding))
            }
        }
        return .object(JSON.gathered(ports))
    }
}

extension BindMount {
    /// As `-v` has it.
    fileprivate var text: String {
        let options = (readOnly ? ["ro"] : []) + (propagation == .privateAll ? [] : [propagation.rawValue])
        return "\(source):\(target)" + (options.isEmpty ? "" : ":" + options.joined(separator: ","))
    }
}

extension VolumeMount {
    /// As `-v` has it.
    fileprivate var text: String {
        let options = (readOnly ? ["ro"] : []) + (copies ? [] : ["nocopy"])
        return "\(name):\(target)" + (options.isEmpty ? "" : ":" + options.joined(separator: ","))
    }
}

extension TemporaryMount {
    /// As `--tmpfs` has them.
    fileprivate var options: String {
        ((readOnly ? ["ro"] : []) + (isExecutable ? ["exec"] : []) + (data.isEmpty ? [] : [data]))
            .joined(separator: ",")
    }
}
