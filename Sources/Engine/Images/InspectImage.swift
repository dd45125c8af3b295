import Core
import Lifecycle
import Images

extension Engine {
    /// One image in the form of `docker image inspect`.
    package func inspectImage(_ name: String) throws(OperationError) -> JSON {
        guard let image = try imageStore.resolve(name) else {
            throw OperationError("No such image: \(Reference.shown(name))", kind: .notFound)
        }
        let details = try imageStore.details(of: image)
        return [
            "Id": .string(image.id.description), "RepoTags": .strings(image.references), "RepoDigests": [],
            "Parent": "", "Comment": .string(details.comment ?? ""), "Created": .string(image.created.description),
            "DockerVersion": "", "Author": .string(details.author ?? ""), "Config": image.config.inspected,
            "Architecture": .string(details.architecture), "Variant": .optional(details.variant),
            "Os": .string(details.system), "Size": .int(image.size), "VirtualSize": .int(image.size),
            "GraphDriver": graphDriver(image.layerDirectories),
            "RootFS": ["Type": "layers", "Layers": .strings(image.layers.map(\.description))],
            "Metadata": ["LastTagTime": "0001-01-01T00:00:00Z"],
        ]
    }
}

/// Where the layers lie, the top one first.
private func graphDriver(_ layers: [String]) -> JSON {
    var data: [(key: String, value: JSON)] = []
    if layers.count > 1 { data.append(("LowerDir", .string(layers.dropFirst().joined(separator: ":")))) }
    if let top = layers.first { data.append(("UpperDir", .string(top))) }
    return ["Data": .object(data), "Name": "overlay2"]
}

extension ImageConfig {
    fileprivate var inspected: JSON {
        [
            "Hostname": "", "Domainname": "", "User": .string(user), "AttachStdin": false, "AttachStdout": false,
            "AttachStderr": false,
            "ExposedPorts": exposedPorts.isEmpty ? .null : .object(exposedPorts.map { ($0, [:]) }), "Tty": false,
            "OpenStdin": false, "StdinOnce": false, "Env": .strings(environment),
            "Cmd": command.map { .strings($0) } ?? .null, "Healthcheck": nil, "Image": "",
            "Volumes": volumes.isEmpty ? .null : .object(volumes.map { ($0, [:]) }),
            "WorkingDir": .string(workingDirectory), "Entrypoint": entrypoint.map { .strings($0) } ?? .null,
            "OnBuild": nil, "Labels": labels.isEmpty ? .null : labels.json, "StopSignal": .optional(stopSignal),
        ]
    }
}
