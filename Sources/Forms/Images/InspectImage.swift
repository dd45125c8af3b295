import Core

extension ImageDetails {
    /// The form of `docker image inspect`.
    package var inspected: JSON {
        [
            "Id": .string(summary.id), "RepoTags": .strings(summary.references),
            "RepoDigests": .strings(summary.sources),
            "Parent": "", "Comment": .string(comment ?? ""), "Created": .string(summary.created.description),
            "DockerVersion": "", "Author": .string(author ?? ""), "Config": config.inspected,
            "Architecture": .string(architecture), "Variant": .optional(variant),
            "Os": .string(system), "Size": .int(summary.size), "VirtualSize": .int(summary.size),
            "GraphDriver": graphDriver, "RootFS": ["Type": "layers", "Layers": .strings(layers)],
            "Metadata": ["LastTagTime": "0001-01-01T00:00:00Z"],
        ]
    }

    /// Where the layers lie, the top one first.
    private var graphDriver: JSON {
        var data: [(key: String, value: JSON)] = []
        if layerDirectories.count > 1 {
            data.append(("LowerDir", .string(layerDirectories.dropFirst().joined(separator: ":"))))
        }
        if let top = layerDirectories.first { data.append(("UpperDir", .string(top))) }
        return ["Data": .object(data), "Name": "overlay2"]
    }
}

extension ImageConfig {
    fileprivate var inspected: JSON {
        [
            "Hostname": "", "Domainname": "", "User": .string(user), "AttachStdin": false, "AttachStdout": false,
            "AttachStderr": false,
            "ExposedPorts": JSON.set(exposedPorts), "Tty": false,
            "OpenStdin": false, "StdinOnce": false, "Env": .strings(environment),
            "Cmd": command.map { .strings($0) } ?? .null,
            "Healthcheck": healthCheck?.json ?? .null, "Image": "",
            "Volumes": JSON.set(volumes),
            "WorkingDir": .string(workingDirectory), "Entrypoint": entrypoint.map { .strings($0) } ?? .null,
            "OnBuild": onBuild.isEmpty ? .null : .strings(onBuild), "Labels": labels.isEmpty ? .null : labels.json,
            "StopSignal": .optional(stopSignal),
        ]
    }
}
