import Core
import Linux

extension ContainerDetails {
    /// The form of `docker inspect`.
    package var inspected: JSON {
        [
            "Id": .string(definition.id.hex), "Created": .string(definition.created.description),
            "Path": .string(definition.arguments.first ?? ""),
            "Args": .strings(Array(definition.arguments.dropFirst())),
            "State": inspectedState,
            "Image": .string(definition.imageID ?? definition.image),
            "ResolvConfPath": .string(ownFile("resolv.conf")),
            "HostnamePath": .string(ownFile("hostname")),
            "HostsPath": .string(ownFile("hosts")),
            "LogPath": .string(definition.log.isKept ? log : ""),
            "Name": .string("/" + definition.name.text),
            "RestartCount": .number(state?.restartCount ?? exit?.restartCount ?? 0),
            "Driver": "overlay2", "Platform": "linux", "MountLabel": "", "ProcessLabel": "", "AppArmorProfile": "",
            "ExecIDs": nil, "HostConfig": definition.inspectedHostConfig(linkNames), "GraphDriver": graphDriver,
            "Mounts": .array(definition.inspectedMounts(volumeDirectories)), "Config": definition.inspectedConfig,
            "NetworkSettings": definition.inspectedNetworkSettings(state),
        ]
    }

    /// Where this host finds a file of the container's own, as long as it runs.
    private func ownFile(_ name: String) -> String { state?.pid.map { "/proc/\($0)/root/etc/\(name)" } ?? "" }

    private var inspectedState: JSON {
        let word = phase.word
        let code = exit?.exitCode ?? phase.exitCode ?? 0
        let never = "0001-01-01T00:00:00Z"
        return [
            "Status": .string(word), "Running": .bool(phase.isRunning),
            "Paused": .bool(word == "paused"),
            "Restarting": .bool(word == "restarting"),
            "OOMKilled": .bool(exit?.oomKilled ?? false), "Dead": false, "Pid": .number(state?.pid ?? 0),
            "ExitCode": .number(phase.isRunning && word != "restarting" ? 0 : code),
            "Error": .string(exit?.error ?? lossReason),
            "StartedAt": .string((state?.started ?? exit?.started)?.description ?? never),
            "FinishedAt": .string(exit?.finished.description ?? never),
            "Health": health?.inspected ?? .null,
            "Reason": [
                "Signal": .string(exit?.signal.map(Signal.name) ?? ""), "MemoryPeak": .number(exit?.memoryPeak ?? 0),
                "RefusedProcesses": .number(exit?.refusedProcesses ?? 0),
            ],
        ]
    }

    /// The host never sees the merged file system; a process has a way into it as long as it runs (proc(5)).
    private var graphDriver: JSON {
        [
            "Data": [
                "LowerDir": .string(definition.layers.joined(separator: ":")),
                "MergedDir": .string(state?.pid.map { "/proc/\($0)/root" } ?? ""),
                "UpperDir": .string(upperDirectory), "WorkDir": .string(workDirectory),
            ],
            "Name": "overlay2",
        ]
    }
}
