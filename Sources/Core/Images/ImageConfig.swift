/// How a container of an image runs unless `run` says otherwise: the `config` of an OCI image configuration.
package struct ImageConfig: Equatable, Sendable {
    /// `KEY=VALUE`, each key once.
    package var environment: [String] = []
    package var entrypoint: [String]?
    package var command: [String]?
    /// Empty is `/`.
    package var workingDirectory = ""
    /// `NAME|UID[:GROUP|GID]`; empty is root.
    package var user = ""
    package var stopSignal: String?
    package var healthCheck: HealthCheck?
    /// `80/tcp`, sorted.
    package var exposedPorts: [String] = []
    /// Paths, sorted.
    package var volumes: [String] = []
    package var labels: [String: String] = [:]
    /// Instructions for builds on it, with their documents.
    package var onBuild: [String] = []
    /// What runs the lines of instructions; nil is `/bin/sh -c`.
    package var shell: [String]?

    package init() {}

    /// Sets one variable, in the place that its key had.
    package mutating func setEnvironment(_ key: String, to value: String) {
        let text = "\(key)=\(value)"
        if let index = environment.firstIndex(where: { $0.hasPrefix(key + "=") }) {
            environment[index] = text
        } else {
            environment.append(text)
        }
    }
}

extension ImageConfig {
    package init(_ json: JSON) throws(RecordError) {
        let reader = try RecordReader(json, path: "config.")
        environment = try reader.optional("Env", \.strings) ?? []
        entrypoint = try reader.optional("Entrypoint", \.strings)
        command = try reader.optional("Cmd", \.strings)
        workingDirectory = try reader.optional("WorkingDir", \.string) ?? ""
        user = try reader.optional("User", \.string) ?? ""
        stopSignal = try reader.optional("StopSignal", \.string)
        healthCheck = try reader.optionalObject("Healthcheck", HealthCheck.init)
        exposedPorts = try reader.optional("ExposedPorts", ImageConfig.keys) ?? []
        volumes = try reader.optional("Volumes", ImageConfig.keys) ?? []
        for (key, value) in try reader.optional("Labels", \.members) ?? [] {
            guard let value = value.string else { throw RecordError("config.Labels is not valid") }
            labels[key] = value
        }
        onBuild = try reader.optional("OnBuild", \.strings) ?? []
        shell = try reader.optional("Shell", \.strings)
        if let member = memberWithZeroByte { throw RecordError("config.\(member) has a zero byte") }
        // What stands for bytes that are not UTF-8 in here would be another text in there.
        guard !self.json.compact.hasForeignBytes else { throw RecordError("config holds U+10FE80 to U+10FEFF") }
    }

    /// The kernel's strings end there: what runs would not be what everybody reads.
    package var memberWithZeroByte: String? {
        let members: [(name: String, values: [String])] = [
            ("Env", environment), ("Entrypoint", entrypoint ?? []), ("Cmd", command ?? []),
            ("WorkingDir", [workingDirectory]), ("User", [user]), ("StopSignal", stopSignal.map { [$0] } ?? []),
            ("Healthcheck", healthCheck?.test ?? []), ("ExposedPorts", exposedPorts), ("Volumes", volumes),
            ("Labels", Array(labels.keys) + labels.values), ("OnBuild", onBuild), ("Shell", shell ?? []),
        ]
        return members.first { $0.values.contains { $0.utf8.contains(0) } }?.name
    }

    /// Only what differs from the default, with Docker's member names.
    package var json: JSON {
        var members: [(key: String, value: JSON)] = []
        if !user.isEmpty { members.append(("User", .string(user))) }
        if !exposedPorts.isEmpty { members.append(("ExposedPorts", ImageConfig.set(exposedPorts))) }
        if !environment.isEmpty { members.append(("Env", .strings(environment))) }
        if let entrypoint { members.append(("Entrypoint", .strings(entrypoint))) }
        if let command { members.append(("Cmd", .strings(command))) }
        if !volumes.isEmpty { members.append(("Volumes", ImageConfig.set(volumes))) }
        if !workingDirectory.isEmpty { members.append(("WorkingDir", .string(workingDirectory))) }
        if !labels.isEmpty {
            let sorted = labels.sorted { $0.key < $1.key }
            members.append(("Labels", .object(sorted.map { (key: $0.key, value: .string($0.value)) })))
        }
        if let stopSignal { members.append(("StopSignal", .string(stopSignal))) }
        if let healthCheck { members.append(("Healthcheck", healthCheck.json)) }
        if !onBuild.isEmpty { members.append(("OnBuild", .strings(onBuild))) }
        if let shell { members.append(("Shell", .strings(shell))) }
        return .object(members)
    }

    /// Go has no sets: `{"80/tcp": {}}`.
    private static func keys(_ json: JSON) -> [String]? { json.members?.map(\.key).sorted() }
    private static func set(_ keys: [String]) -> JSON { .object(keys.sorted().map { (key: $0, value: [:]) }) }
}
