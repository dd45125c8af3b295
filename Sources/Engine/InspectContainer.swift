import Core
import Linux
import Store

extension Engine {
    /// One container in the form of `docker inspect`.
    package func inspectContainer(_ name: String) throws(OperationError) -> JSON {
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else {
            throw OperationError("No such container: \(name)")
        }
        let (status, state) = try status(of: definition)
        guard let status else { throw OperationError("No such container: \(name)") }
        var exit = state?.lastExit
        if exit == nil { exit = try containerStore.exit(id) }
        return [
            "Id": .string(id.hex), "Created": .string(definition.created.description),
            "Path": .string(definition.arguments.first ?? ""),
            "Args": .strings(Array(definition.arguments.dropFirst())),
            "State": inspectState(id, status, state, exit),
            "Image": .string(definition.imageID ?? definition.image), "Name": .string("/" + definition.name.text),
            "RestartCount": .number(state?.restartCount ?? exit?.restartCount ?? 0),
            "LogPath": .string(definition.log.isKept ? layout.log(id) : ""),
            "ResolvConfPath": .string(layout.hostFile(id, "resolv.conf")),
            "HostnamePath": .string(layout.hostFile(id, "hostname")),
            "HostsPath": .string(layout.hostFile(id, "hosts")),
            "HostConfig": definition.hostConfig(state?.endpoint),
            "Mounts": .array(definition.inspectMounts), "Config": definition.inspectConfig,
            "NetworkSettings": networkSettings(definition, state?.endpoint),
        ]
    }

    private func inspectState(
        _ id: ContainerID, _ status: ContainerSummary.Status, _ state: ContainerState?, _ exit: ContainerExit?
    ) -> JSON {
        let word: String
        switch status {
        case .created: word = "created"
        case .running: word = "running"
        case .restarting: word = "restarting"
        case .exited, .lost: word = "exited"
        }
        let isLost = status == .lost
        let code = exit?.exitCode ?? (isLost ? 137 : 0)
        let never = "0001-01-01T00:00:00Z"
        return [
            "Status": .string(word), "Running": .bool(word == "running" || word == "restarting"), "Paused": false,
            "Restarting": .bool(word == "restarting"),
            "OOMKilled": .bool(exit?.oomKilled ?? false), "Dead": false, "Pid": .number(state?.pid ?? 0),
            "ExitCode": .number(word == "running" ? 0 : code),
            "Error": .string(exit?.error ?? (isLost ? endOfLost(id) : "")),
            "StartedAt": .string((state?.started ?? exit?.started)?.description ?? never),
            "FinishedAt": .string(exit?.finished.description ?? never),
            "Reason": [
                "Signal": .string(exit?.signal.map(Signal.name) ?? ""), "MemoryPeak": .number(exit?.memoryPeak ?? 0),
                "RefusedProcesses": .number(exit?.refusedProcesses ?? 0),
            ],
        ]
    }

    /// Why nobody has recorded how it ended.
    private func endOfLost(_ id: ContainerID) -> String {
        layout.isOfThisBoot && Files.exists(layout.containerRuntime(id)) ? Self.supervisorKilled : "host restart"
    }

    private func networkSettings(_ definition: ContainerDefinition, _ endpoint: Endpoint?) -> JSON {
        let network: JSON = [
            "IPAddress": .string(endpoint?.address.address.description ?? ""),
            "IPPrefixLen": .number(endpoint?.address.prefixLength ?? 0),
            "Gateway": .string(endpoint?.gateway?.description ?? ""),
            "MacAddress": .string(endpoint?.mac.description ?? ""),
            "NetworkID": .string(endpoint?.networkID.hex ?? ""),
            "EndpointID": .string(endpoint == nil ? "" : definition.id.hex),
        ]
        return [
            "IPAddress": .string(endpoint?.address.address.description ?? ""),
            "IPPrefixLen": .number(endpoint?.address.prefixLength ?? 0),
            "Gateway": .string(endpoint?.gateway?.description ?? ""),
            "MacAddress": .string(endpoint?.mac.description ?? ""),
            "Ports": inspectPorts(endpoint?.ports ?? []),
            "Networks": .object([(definition.networkMode.text, network)]),
        ]
    }
}

/// `{"80/tcp": [{"HostIp": …, "HostPort": …}]}`
private func inspectPorts(_ mappings: [PortMapping]) -> JSON {
    var ports: [(key: String, value: JSON)] = []
    for mapping in mappings.sorted() {
        let key = "\(mapping.containerPort)/\(mapping.transport.rawValue)"
        let binding: JSON = [
            "HostIp": .string(mapping.hostAddress.description), "HostPort": .string(String(mapping.hostPort)),
        ]
        if let last = ports.last, last.key == key, let bindings = last.value.array {
            ports[ports.count - 1].value = .array(bindings + [binding])
        } else {
            ports.append((key, [binding]))
        }
    }
    return .object(ports)
}

extension ContainerDefinition {
    fileprivate var inspectConfig: JSON {
        [
            "Hostname": .string(hostname), "User": .string(user), "Tty": .bool(terminal), "OpenStdin": .bool(openStdin),
            "Env": .strings(environment), "Cmd": .strings(arguments), "Image": .string(image),
            "WorkingDir": .string(workingDirectory), "Labels": labels.json,
            "StopSignal": .string(Signal.name(stopSignal)), "StopTimeout": .int(stopTimeout),
        ]
    }

    fileprivate var inspectMounts: [JSON] {
        binds.map { bind in
            [
                "Type": "bind", "Source": .string(bind.source), "Destination": .string(bind.target),
                "Mode": .string(bind.readOnly ? "ro" : ""), "RW": .bool(!bind.readOnly),
            ]
        }
            + temporaryMounts.map { mount in
                ["Type": "tmpfs", "Source": "", "Destination": .string(mount.target), "RW": .bool(!mount.readOnly)]
            }
    }

    fileprivate func hostConfig(_ endpoint: Endpoint?) -> JSON {
        [
            "Binds": .strings(binds.map { "\($0.source):\($0.target)" + ($0.readOnly ? ":ro" : "") }),
            "Devices": .array(
                devices.map { device in
                    [
                        "PathOnHost": .string(device.source), "PathInContainer": .string(device.target),
                        "CgroupPermissions": .string(device.permissions),
                    ]
                }),
            "NetworkMode": .string(networkMode.text), "PortBindings": inspectPorts(endpoint?.ports ?? []),
            "AutoRemove": .bool(autoRemove), "Privileged": .bool(privileged), "ReadonlyRootfs": .bool(readOnlyRoot),
            "Memory": .number(limits.memory ?? 0), "MemorySwap": .number(limits.memoryAndSwap ?? 0),
            "NanoCpus": .number((limits.milliCPUs ?? 0) * 1_000_000), "CpuShares": .number(limits.cpuShares ?? 0),
            "CpusetCpus": .string(limits.cpuset ?? ""), "PidsLimit": .optional(limits.pids),
            "Init": .bool(usesInit), "CapEffective": .strings(capabilities.map { "CAP_" + $0 }),
            "Ulimits": .array(
                ulimits.map { ["Name": .string($0.name), "Soft": .int($0.soft), "Hard": .int($0.hard)] }),
            "LogConfig": ["Type": .string(log.driver), "Config": log.options.json],
            "RestartPolicy": [
                "Name": .string(restart.name.rawValue), "MaximumRetryCount": .number(restart.maximumRetryCount),
            ],
        ]
    }
}
