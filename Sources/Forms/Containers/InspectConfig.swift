import Core
import Linux

extension ContainerDefinition {
    /// `Config`: what runs in it.
    var inspectedConfig: JSON {
        let entrypoint = asked.entrypointCount.map { Array(arguments.prefix($0)) } ?? []
        let command = Array(arguments.dropFirst(entrypoint.count))
        return [
            "Hostname": .string(hostname), "Domainname": "", "User": .string(user),
            "AttachStdin": .bool(asked.isAttached && openStdin), "AttachStdout": .bool(asked.isAttached),
            "AttachStderr": .bool(asked.isAttached), "ExposedPorts": JSON.set(exposedPorts), "Tty": .bool(terminal),
            "OpenStdin": .bool(openStdin), "StdinOnce": .bool(asked.isAttached && openStdin),
            "Env": .strings(ownEnvironment), "Cmd": command.isEmpty ? .null : .strings(command), "Healthcheck": nil,
            "Image": .string(image), "Volumes": JSON.set(asked.volumes), "WorkingDir": .string(workingDirectory),
            "Entrypoint": entrypoint.isEmpty ? .null : .strings(entrypoint),
            "MacAddress": .optional(networkMode.wishes.first?.mac?.description), "OnBuild": nil, "Labels": labels.json,
            "StopSignal": .string(Signal.name(stopSignal)), "StopTimeout": .int(stopTimeout),
        ]
    }

    /// `Mounts`
    var inspectedMounts: [JSON] {
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
}
