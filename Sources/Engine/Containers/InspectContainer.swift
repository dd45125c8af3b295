import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// Where this host finds a file of the container's own, as long as it runs.
    private func ownFile(_ name: String, _ state: ContainerState?) -> String {
        state?.pid.map { "/proc/\($0)/root/etc/\(name)" } ?? ""
    }

    /// One container in the form of `docker inspect`.
    package func inspectContainer(_ name: String) throws(OperationError) -> JSON {
        let missing = OperationError.noContainer(name)
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else { throw missing }
        let (phase, state) = try host.phase(of: definition)
        guard let phase else { throw missing }
        var exit = state?.lastExit
        if exit == nil { exit = try containerStore.exit(id) }
        return [
            "Id": .string(id.hex), "Created": .string(definition.created.description),
            "Path": .string(definition.arguments.first ?? ""),
            "Args": .strings(Array(definition.arguments.dropFirst())),
            "State": inspectState(id, phase, state, exit),
            "Image": .string(definition.imageID ?? definition.image),
            "ResolvConfPath": .string(ownFile("resolv.conf", state)),
            "HostnamePath": .string(ownFile("hostname", state)),
            "HostsPath": .string(ownFile("hosts", state)),
            "LogPath": .string(definition.log.isKept ? layout.log(id) : ""),
            "Name": .string("/" + definition.name.text),
            "RestartCount": .number(state?.restartCount ?? exit?.restartCount ?? 0),
            "Driver": "overlay2", "Platform": "linux", "MountLabel": "", "ProcessLabel": "", "AppArmorProfile": "",
            "ExecIDs": nil, "HostConfig": definition.inspectHostConfig, "GraphDriver": graphDriver(definition, state),
            "Mounts": .array(definition.inspectMounts), "Config": definition.inspectConfig,
            "NetworkSettings": definition.inspectNetworkSettings(state),
        ]
    }

    private func inspectState(
        _ id: ContainerID, _ phase: ContainerPhase, _ state: ContainerState?, _ exit: ContainerExit?
    ) -> JSON {
        let word = phase.word
        let isLost = phase == .lost
        let code = exit?.exitCode ?? (isLost ? 137 : 0)
        let never = "0001-01-01T00:00:00Z"
        return [
            "Status": .string(word), "Running": .bool(phase.isRunning),
            "Paused": .bool(word == "paused"),
            "Restarting": .bool(word == "restarting"),
            "OOMKilled": .bool(exit?.oomKilled ?? false), "Dead": false, "Pid": .number(state?.pid ?? 0),
            "ExitCode": .number(phase.isRunning && word != "restarting" ? 0 : code),
            "Error": .string(exit?.error ?? (isLost ? endOfLost(id) : "")),
            "StartedAt": .string((state?.started ?? exit?.started)?.description ?? never),
            "FinishedAt": .string(exit?.finished.description ?? never), "Health": nil,
            "Reason": [
                "Signal": .string(exit?.signal.map(Signal.name) ?? ""), "MemoryPeak": .number(exit?.memoryPeak ?? 0),
                "RefusedProcesses": .number(exit?.refusedProcesses ?? 0),
            ],
        ]
    }

    /// Why nobody has recorded how it ended.
    private func endOfLost(_ id: ContainerID) -> String {
        layout.isOfThisBoot && Files.exists(layout.containerRuntime(id)) ? Host.supervisorKilled : "host restart"
    }

    /// The host never sees the merged file system; a process has a way into it as long as it runs (proc(5)).
    private func graphDriver(_ definition: ContainerDefinition, _ state: ContainerState?) -> JSON {
        [
            "Data": [
                "LowerDir": .string(definition.layers.joined(separator: ":")),
                "MergedDir": .string(state?.pid.map { "/proc/\($0)/root" } ?? ""),
                "UpperDir": .string(layout.upper(definition.id)), "WorkDir": .string(layout.work(definition.id)),
            ],
            "Name": "overlay2",
        ]
    }
}

extension ContainerDefinition {
    var inspectConfig: JSON {
        let entrypoint = asked.entrypointCount.map { Array(arguments.prefix($0)) } ?? []
        let command = Array(arguments.dropFirst(entrypoint.count))
        return [
            "Hostname": .string(hostname), "Domainname": "", "User": .string(user),
            "AttachStdin": .bool(asked.isAttached && openStdin), "AttachStdout": .bool(asked.isAttached),
            "AttachStderr": .bool(asked.isAttached), "ExposedPorts": Self.set(exposedPorts), "Tty": .bool(terminal),
            "OpenStdin": .bool(openStdin), "StdinOnce": .bool(asked.isAttached && openStdin),
            "Env": .strings(ownEnvironment), "Cmd": command.isEmpty ? .null : .strings(command), "Healthcheck": nil,
            "Image": .string(image), "Volumes": Self.set(asked.volumes), "WorkingDir": .string(workingDirectory),
            "Entrypoint": entrypoint.isEmpty ? .null : .strings(entrypoint),
            "MacAddress": .optional(networkMode.wishes.first?.mac?.description), "OnBuild": nil, "Labels": labels.json,
            "StopSignal": .string(Signal.name(stopSignal)), "StopTimeout": .int(stopTimeout),
        ]
    }

    /// The image's and those that were published, `80/tcp`, each once.
    var exposedPorts: [String] {
        Set(asked.exposedPorts.map { $0.contains("/") ? $0 : $0 + "/tcp" } + publishedPorts).sorted()
    }

    var publishedPorts: [String] {
        publish.flatMap { request in request.containerPorts.map { "\($0)/\(request.transport.rawValue)" } }
    }

    /// Go has no sets; null for an empty one.
    private static func set(_ names: [String]) -> JSON { names.isEmpty ? .null : .object(names.map { ($0, [:]) }) }

    var inspectMounts: [JSON] {
        binds.map { bind in
            [
                "Type": "bind", "Source": .string(bind.source), "Destination": .string(bind.target),
                "Mode": .string(bind.readOnly ? "ro" : ""), "RW": .bool(!bind.readOnly), "Propagation": "rprivate",
            ]
        }
            + temporaryMounts.map { mount in
                [
                    "Type": "tmpfs", "Source": "", "Destination": .string(mount.target), "Mode": "",
                    "RW": .bool(!mount.readOnly), "Propagation": "",
                ]
            }
    }

    var inspectDevices: JSON {
        .array(
            devices.map { device in
                [
                    "PathOnHost": .string(device.source), "PathInContainer": .string(device.target),
                    "CgroupPermissions": .string(device.permissions),
                ]
            })
    }
}
