import Core

extension Instruction {
    /// The same with the values of variables, and checked.
    package func expanded(_ variables: Variables) throws(DockerfileError) -> Instruction {
        var expanded = self
        expanded.command = try locating(lines) { () throws(DockerfileError) in try command.expanded(variables) }
        return expanded
    }
}

extension Instruction.Command {
    fileprivate func expanded(_ variables: Variables) throws(DockerfileError) -> Self {
        switch self {
        case .environment(let settings): return .environment(try Self.expanded(settings, variables))
        case .label(let settings): return .label(try Self.expanded(settings, variables))
        case .copy(let copy): return .copy(try copy.expanded(variables))
        case .run(let run): return .run(try run.expanded(variables))
        case .workingDirectory(let text): return .workingDirectory(try variables.word(text))
        case .user(let text): return .user(try Self.nonempty(variables.word(text), "USER"))
        case .stopSignal(let text): return .stopSignal(try Self.nonempty(variables.word(text), "STOPSIGNAL"))
        case .expose(let words):
            var ports: [String] = []
            for word in words { ports += try variables.words(word) }
            return .expose(try ports.map(Self.ports).flatMap { $0 })
        case .volume(let words):
            var paths: [String] = []
            for word in words { paths.append(try variables.word(word)) }
            return .volume(paths)
        default: return self
        }
    }

    private static func nonempty(_ text: String, _ keyword: String) throws(DockerfileError) -> String {
        guard !text.isEmpty else { throw DockerfileError("\(keyword) has no value") }
        return text
    }

    private static func expanded(
        _ settings: [Setting], _ variables: Variables
    ) throws(DockerfileError) -> [Setting] {
        var expanded: [Setting] = []
        for setting in settings {
            let name = try variables.word(setting.name)
            guard !name.isEmpty else { throw DockerfileError("names can not be blank") }
            expanded.append(Setting(name: name, value: try variables.word(setting.value)))
        }
        return expanded
    }

    /// `8000-8002/udp` as `8000/udp` and so on.
    private static func ports(_ text: String) throws(DockerfileError) -> [String] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
        let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ["tcp", "udp", "sctp"].contains(transport), let low = Decimal.parse(ends[0], in: 1...65_535),
            let high = ends.count > 1 ? Decimal.parse(ends[1], in: low...65_535) : low
        else { throw DockerfileError("invalid containerPort: \(text)") }
        return (low...high).map { "\($0)/\(transport)" }
    }
}

extension Copy {
    fileprivate func expanded(_ variables: Variables) throws(DockerfileError) -> Copy {
        var copy = self
        copy.sources = try sources.map { source throws(DockerfileError) in try source.expanded(variables) }
        copy.destination = try variables.word(destination)
        copy.owner = try owner.map(variables.word)
        copy.mode = try mode.map(variables.word)
        copy.checksum = try checksum.map(variables.word)
        copy.excluded = try excluded.map(variables.word)
        return copy
    }
}

extension Copy.Source {
    fileprivate func expanded(_ variables: Variables) throws(DockerfileError) -> Copy.Source {
        switch self {
        case .path(let path): return .path(try variables.word(path))
        case .document(var document):
            if document.expands { document.written = try variables.document(document.written) }
            return .document(document)
        }
    }
}

extension Run {
    fileprivate func expanded(_ variables: Variables) throws(DockerfileError) -> Run {
        var run = self
        run.mounts = try mounts.map { mount throws(DockerfileError) in try mount.expanded(variables.word) }
        return run
    }
}
