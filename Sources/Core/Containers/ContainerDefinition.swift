/// A container as it was settled, with what was asked for. Only `rename` and `update` change it afterwards: its name, its
/// limits, and when it begins again.
package struct ContainerDefinition: Equatable, Sendable {
    package var id: ContainerID
    package var name: Name
    package var created: Timestamp
    /// As `ps` shows it; empty for a bare root file system.
    package var image: String
    /// `sha256:…`, when it came from the store.
    package var imageID: String?
    /// Directories that the root file system lies over, top one first.
    package var layers: [String]
    package var arguments: [String]
    /// `KEY=VALUE`.
    package var environment: [String]
    package var workingDirectory: String
    /// As asked for; empty is root.
    package var user: String
    package var hostname: String
    package var terminal = false
    package var openStdin = false
    package var autoRemove = false
    package var binds: [BindMount] = []
    package var temporaryMounts: [TemporaryMount] = []
    package var volumes: [VolumeMount] = []
    package var devices: [DeviceMapping] = []
    package var readOnlyRoot = false
    package var privileged = false
    /// Names of capabilities without `CAP_`, resolved from the default set, `--cap-add` and `--cap-drop`.
    package var capabilities: [String] = []
    /// `default`, `unconfined`, or the path of a profile.
    package var seccomp = "default"
    package var noNewPrivileges = false
    package var usesInit = false
    package var limits = ResourceLimits()
    /// Nil is none but our own.
    package var cgroupParent: CgroupParent?
    package var ulimits: [ResourceUlimit] = []
    package var networkMode: NetworkMode
    package var stopSignal: Int32 = 15
    /// Seconds between the stop signal and SIGKILL.
    package var stopTimeout: Int64 = 10
    /// Seconds after which its program is killed; nil is no limit.
    package var timeLimit: Int64?
    package var labels: [String: String] = [:]
    package var log = LogLimits()
    package var restart = RestartPolicy()
    /// What the image and `run` have said together; nil when neither has said anything.
    package var healthCheck: HealthCheck?
    package var namespaces = NamespaceModes<ContainerID>()
    package var names = NameSettings()
    package var kernel = KernelSettings()
    /// Groups of its programs beside those of their user, by name or number.
    package var groupsAdded: [String] = []
    /// Where the number of its first process is written when that begins.
    package var pidFile: String?
    /// It is a RUN of a build, and goes with that.
    package var isBuild = false
    package var asked = ContainerRequestRecord()
    /// Ports to publish once the container is on a network again.
    package private(set) var withheld: [PublishRequest] = []

    /// Without what every container is given; whole where that is not on record.
    package var ownEnvironment: [String] {
        environment.filter { entry in !asked.environmentAdded.contains(String(entry.prefix { $0 != "=" })) }
    }

    /// Everything that is to be published.
    package var publish: [PublishRequest] { networkMode.wishes.flatMap(\.publish) + withheld }

    package init(
        id: ContainerID, name: Name, created: Timestamp, image: String, imageID: String?, layers: [String],
        arguments: [String], environment: [String], workingDirectory: String, user: String, hostname: String,
        networkMode: NetworkMode
    ) {
        self.id = id
        self.name = name
        self.created = created
        self.image = image
        self.imageID = imageID
        self.layers = layers
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.hostname = hostname
        self.networkMode = networkMode
    }
}

extension ContainerDefinition: Record {
    package static var version: Int64 { 2 }

    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            id: try reader.text("id", ContainerID.init), name: try reader.text("name", Name.init),
            created: Timestamp(nanoseconds: try reader.int("created")), image: try reader.string("image"),
            imageID: try reader.optional("imageID", \.string), layers: try reader.strings("layers"),
            arguments: try reader.strings("arguments"), environment: try reader.strings("environment"),
            workingDirectory: try reader.string("workingDirectory"), user: try reader.string("user"),
            hostname: try reader.string("hostname"),
            networkMode: try NetworkMode(of: reader))
        terminal = try reader.bool("terminal")
        openStdin = try reader.bool("openStdin")
        autoRemove = try reader.bool("autoRemove")
        binds = try reader.objects("binds", BindMount.init)
        temporaryMounts = try reader.objects("temporaryMounts", TemporaryMount.init)
        // Records of before there were volumes or devices lack them.
        volumes = try reader.optionalObjects("volumes", VolumeMount.init)
        devices = try reader.optionalObjects("devices", DeviceMapping.init)
        readOnlyRoot = try reader.bool("readOnlyRoot")
        privileged = try reader.bool("privileged")
        capabilities = try reader.strings("capabilities")
        seccomp = try reader.string("seccomp")
        noNewPrivileges = try reader.bool("noNewPrivileges")
        usesInit = try reader.bool("init")
        limits = try reader.object("limits", ResourceLimits.init)
        ulimits = try reader.objects("ulimits", ResourceUlimit.init)
        stopSignal = Int32(try reader.int("stopSignal", in: 1...64))
        stopTimeout = try reader.int("stopTimeout", in: -1...1_000_000_000)
        labels = try reader.value("labels", [String: String].init(json:))
        // Records of before there were limits lack it.
        log = try reader.optionalObject("log", LogLimits.init) ?? LogLimits()
        // So do those of before there were restarts.
        restart = try reader.optionalObject("restart", RestartPolicy.init) ?? RestartPolicy()
        // And those of before it was kept.
        asked = try reader.optionalObject("asked", ContainerRequestRecord.init) ?? ContainerRequestRecord()
        withheld = try reader.optionalObjects("withheld", PublishRequest.init)
        timeLimit = try reader.optionalInt("timeLimit", in: 1...1_000_000_000)
        healthCheck = try reader.optionalObject("healthCheck", HealthCheck.init)
        try readSurroundings(reader)
    }

    /// Records of before any of these could be asked for lack them.
    private mutating func readSurroundings(_ reader: RecordReader) throws(RecordError) {
        namespaces = try reader.optionalObject("namespaces", NamespaceModes.init) ?? NamespaceModes()
        names = try reader.optionalObject("names", NameSettings.init) ?? NameSettings()
        kernel = try reader.optionalObject("kernel", KernelSettings.init) ?? KernelSettings()
        groupsAdded = try reader.optional("groupsAdded", \.strings) ?? []
        pidFile = try reader.optional("pidFile", \.string)
        isBuild = try reader.optional("isBuild", \.bool) ?? false
        cgroupParent = try reader.optionalText("cgroupParent") { try? CgroupParent($0) }
    }

    package var json: JSON {
        [
            "id": .string(id.hex), "name": .string(name.text), "created": .int(created.nanoseconds),
            "image": .string(image), "imageID": .optional(imageID), "layers": .strings(layers),
            "arguments": .strings(arguments), "environment": .strings(environment),
            "workingDirectory": .string(workingDirectory), "user": .string(user), "hostname": .string(hostname),
            "terminal": .bool(terminal), "openStdin": .bool(openStdin), "autoRemove": .bool(autoRemove),
            "binds": .array(binds.map(\.json)), "temporaryMounts": .array(temporaryMounts.map(\.json)),
            "volumes": .array(volumes.map(\.json)), "devices": .array(devices.map(\.json)),
            "readOnlyRoot": .bool(readOnlyRoot),
            "privileged": .bool(privileged),
            "capabilities": .strings(capabilities), "seccomp": .string(seccomp),
            "noNewPrivileges": .bool(noNewPrivileges), "init": .bool(usesInit), "limits": limits.json,
            "ulimits": .array(ulimits.map(\.json)), "networking": networkMode.json,
            "stopSignal": .number(stopSignal), "stopTimeout": .int(stopTimeout), "labels": labels.json,
            "log": log.json, "restart": restart.json, "asked": asked.json,
            "withheld": .array(withheld.map(\.json)), "namespaces": namespaces.json, "names": names.json,
            "kernel": kernel.json, "groupsAdded": .strings(groupsAdded), "pidFile": .optional(pidFile),
            "timeLimit": .optional(timeLimit), "cgroupParent": .optional(cgroupParent?.text),
            "healthCheck": healthCheck?.json ?? .null, "isBuild": isBuild ? true : .null,
        ]
    }
}

extension ContainerDefinition {
    /// Puts it on one more network. What is published goes by it where it outranks the others.
    package mutating func join(_ wish: EndpointWish) {
        asked.networkMode = askedNetwork
        var wishes = networkMode.wishes
        var wish = wish
        wish.publish += withheld
        withheld = []
        if let leading = wishes.leading, wishes[leading].gatewayPriority < wish.gatewayPriority {
            for index in wishes.indices {
                wish.publish += wishes[index].publish
                wishes[index].publish = []
            }
        }
        networkMode = .networks(wishes + [wish])
    }

    /// Ports that it published there go by the network that leads now.
    package mutating func leave(_ network: Name) {
        var wishes = networkMode.wishes
        guard let index = wishes.firstIndex(where: { $0.network == network }) else { return }
        asked.networkMode = askedNetwork
        let gone = wishes.remove(at: index)
        if let leading = wishes.leading { wishes[leading].publish += gone.publish } else { withheld = gone.publish }
        networkMode = .networks(wishes)
    }

    /// Leaves `none`, and has no other network yet.
    package mutating func leaveNone() {
        asked.networkMode = askedNetwork
        networkMode = .networks([])
    }

    /// `--network` of the container's beginning: `network connect` and `disconnect` do not change that.
    package var askedNetwork: String { asked.networkMode ?? networkMode.text }

    /// Is on the networks that another form of it is on.
    package mutating func adoptNetworks(of other: ContainerDefinition) {
        networkMode = other.networkMode
        asked.networkMode = other.asked.networkMode
        withheld = other.withheld
    }
}

extension ContainerDefinition {
    /// The image's and those that were published, `80/tcp`, each once.
    package var exposedPorts: [String] {
        Set(asked.exposedPorts.map { $0.contains("/") ? $0 : $0 + "/tcp" } + publishedPorts).sorted()
    }

    package var publishedPorts: [String] {
        publish.flatMap { request in request.containerPorts.map { "\($0)/\(request.transport.rawValue)" } }
    }
}
