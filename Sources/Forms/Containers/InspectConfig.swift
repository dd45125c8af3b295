import Core
import Linux

extension ContainerDefinition {
    /// `Config`: what runs in it.
    var inspectedConfig: JSON {
        let entrypoint = asked.entrypointCount.map { Array(arguments.prefix($0)) } ?? []
        let command = Array(arguments.dropFirst(entrypoint.count))
        return [
            "Hostname": .string(hostname), "Domainname": .string(names.domain), "User": .string(user),
            "AttachStdin": .bool(isAttached("stdin") && openStdin), "AttachStdout": .bool(isAttached("stdout")),
            "AttachStderr": .bool(isAttached("stderr")), "ExposedPorts": JSON.set(exposedPorts), "Tty": .bool(terminal),
            "OpenStdin": .bool(openStdin), "StdinOnce": .bool(asked.isAttached && openStdin),
            "Env": .strings(ownEnvironment), "Cmd": command.isEmpty ? .null : .strings(command),
            "Healthcheck": healthCheck?.json ?? .null,
            "Image": .string(image), "Volumes": JSON.set(asked.volumes), "WorkingDir": .string(workingDirectory),
            "Entrypoint": entrypoint.isEmpty ? .null : .strings(entrypoint),
            "MacAddress": .optional(networkMode.wishes.first?.mac?.description), "OnBuild": nil, "Labels": labels.json,
            "StopSignal": .string(Signal.name(stopSignal)), "StopTimeout": .int(stopTimeout),
        ]
    }

    private func isAttached(_ stream: String) -> Bool {
        asked.isAttached && (asked.attached.isEmpty || asked.attached.contains(stream))
    }

    /// `Mounts`
    /// - Parameter directories: of volumes, on the host.
    func inspectedMounts(_ directories: [Name: String]) -> [JSON] {
        var mounts = binds.map(\.inspected)
        mounts += volumes.map { $0.inspected(directories[$0.name] ?? "") }
        return mounts + temporaryMounts.map(\.inspected)
    }
}

extension BindMount {
    fileprivate var inspected: JSON {
        [
            "Type": "bind", "Source": .string(source), "Destination": .string(target),
            "Mode": .string(readOnly ? "ro" : ""), "RW": .bool(!readOnly),
            "Propagation": .string(propagation.rawValue),
        ]
    }
}

extension VolumeMount {
    fileprivate func inspected(_ directory: String) -> JSON {
        [
            "Type": "volume", "Name": .string(name.text), "Source": .string(directory),
            "Destination": .string(target), "Driver": .string(VolumeDefinition.driver), "Mode": .string(mode),
            "RW": .bool(!readOnly), "Propagation": "",
        ]
    }
}

extension TemporaryMount {
    fileprivate var inspected: JSON {
        [
            "Type": "tmpfs", "Source": "", "Destination": .string(target), "Mode": "", "RW": .bool(!readOnly),
            "Propagation": "",
        ]
    }
}
