/// What was asked for when a container was made, where what came of it does not say so: for whoever looks at a container
/// that has ended, or begins it again. Records of before it was kept lack it.
package struct ContainerRequestRecord: Equatable, Sendable {
    /// Not in the background.
    package var isAttached = false
    /// Of `stderr`, `stdin` and `stdout`, where not all of them.
    package var attached: [String] = []
    /// How many of the arguments are the entry point's; the others are the command. Nil when it is not known.
    package var entrypointCount: Int?
    /// `-P`: the ports that the image exposes are published, too.
    package var publishesExposed = false
    /// As they were written, for instance `ALL` or `CAP_NET_ADMIN`.
    package var capabilitiesAdded: [String] = []
    package var capabilitiesDropped: [String] = []
    package var cidFile: String?
    /// The image's, `80/tcp`.
    package var exposedPorts: [String] = []
    /// The image's and those without a name, paths in the container.
    package var volumes: [String] = []
    /// `CONTAINER[:ro]`
    package var volumesFrom: [String] = []
    /// Variables that neither image nor caller have set.
    package var environmentAdded: [String] = []
    /// For other programs to find; nothing here reads them.
    package var annotations: [String: String] = [:]
    /// Of `--security-opt`, about what this host does not have.
    package var idleSecurityOptions: [String] = []
    /// `--network`, once the container's networks are others.
    package var networkMode: String?

    package init() {}
}

extension ContainerRequestRecord: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        isAttached = try reader.bool("attached")
        entrypointCount = try reader.optionalInt("entrypointCount", in: 0...1_000_000).map { Int($0) }
        publishesExposed = try reader.bool("publishesExposed")
        capabilitiesAdded = try reader.strings("capabilitiesAdded")
        capabilitiesDropped = try reader.strings("capabilitiesDropped")
        cidFile = try reader.optional("cidFile", \.string)
        exposedPorts = try reader.strings("exposedPorts")
        volumes = try reader.strings("volumes")
        volumesFrom = try reader.optional("volumesFrom", \.strings) ?? []
        environmentAdded = try reader.strings("environmentAdded")
        attached = try reader.optional("streams", \.strings) ?? []
        annotations = try reader.optional("annotations", [String: String].init(json:)) ?? [:]
        idleSecurityOptions = try reader.optional("idleSecurityOptions", \.strings) ?? []
        networkMode = try reader.optional("networkMode", \.string)
    }

    package var json: JSON {
        [
            "attached": .bool(isAttached), "entrypointCount": .optional(entrypointCount),
            "publishesExposed": .bool(publishesExposed),
            "capabilitiesAdded": .strings(capabilitiesAdded), "capabilitiesDropped": .strings(capabilitiesDropped),
            "cidFile": .optional(cidFile), "exposedPorts": .strings(exposedPorts), "volumes": .strings(volumes),
            "volumesFrom": .strings(volumesFrom),
            "environmentAdded": .strings(environmentAdded), "streams": .strings(attached),
            "annotations": annotations.json,
            "idleSecurityOptions": .strings(idleSecurityOptions),
            "networkMode": .optional(networkMode),
        ]
    }
}

extension PublishRequest: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            hostAddress: try reader.optionalText("hostAddress", IPAddress.init),
            hostPorts: try reader.optionalText("hostPorts", ClosedRange.init(ports:)),
            containerPorts: try reader.text("containerPorts", ClosedRange.init(ports:)),
            transport: try reader.text("protocol", TransportProtocol.init))
    }

    package var json: JSON {
        [
            "hostAddress": .optional(hostAddress?.description), "hostPorts": .optional(hostPorts?.portText),
            "containerPorts": .string(containerPorts.portText), "protocol": .string(transport.rawValue),
        ]
    }
}

extension ClosedRange<UInt16> {
    /// Reads `80` and `80-90`.
    package init?(ports text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
            .map { Decimal.parse($0, in: 1...65_535).map { UInt16($0) } }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
            return nil
        }
        self = first...last
    }

    package var portText: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}
