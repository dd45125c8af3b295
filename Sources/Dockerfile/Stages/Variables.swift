import Core

/// What ARG and ENV have set up to some instruction. Of one name ENV has the last word.
package struct Variables: Sendable {
    /// Proxies, which every RUN has when the caller gives them; they are in no image and count for no cache.
    package static let proxies: Set<String> = Set(
        ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap { [$0, $0.lowercased()] })

    /// Of ARG, in the order of their first mention.
    package private(set) var arguments: [(name: String, value: String)] = []
    /// `NAME=VALUE`, those of the image.
    package private(set) var environment: [String]
    // A file may set thousands, and each of its lines may ask for any.
    private var argumentPlaces: [String: Int] = [:]
    private var environmentPlaces: [String: Int] = [:]
    private let escape: UInt8

    package init(environment: [String] = [], escape: UInt8) {
        self.environment = environment
        self.escape = escape
        for (place, entry) in environment.enumerated() { environmentPlaces[Self.name(of: entry)] = place }
    }

    package func value(_ name: String) -> String? {
        if let place = environmentPlaces[name] {
            return String(environment[place].utf8.drop { $0 != .equals }.dropFirst()) ?? ""
        }
        return argumentPlaces[name].map { arguments[$0].value }
    }

    package mutating func setArgument(_ name: String, to value: String) {
        if let place = argumentPlaces[name] {
            arguments[place].value = value
        } else {
            argumentPlaces[name] = arguments.count
            arguments.append((name, value))
        }
    }

    package mutating func setEnvironment(_ name: String, to value: String) {
        let entry = "\(name)=\(value)"
        if let place = environmentPlaces[name] {
            environment[place] = entry
        } else {
            environmentPlaces[name] = environment.count
            environment.append(entry)
        }
    }

    private static func name(of entry: String) -> String { String(entry.utf8.prefix { $0 != .equals }) ?? "" }

    private var expander: Expander { Expander(escape: escape) { value($0) } }

    package func word(_ text: String) throws(DockerfileError) -> String { try expander.word(text) }
    package func words(_ text: String) throws(DockerfileError) -> [String] { try expander.words(text) }
    package func document(_ text: String) throws(DockerfileError) -> String { try expander.document(text) }
}

/// What stands for the whole build: what the caller says, the platform, and the arguments in front of the first stage.
package struct BuildArguments: Sendable {
    /// By their names: `--build-arg`.
    package let given: [String: String]
    /// `TARGETPLATFORM` and its like: every stage may name them.
    private let platform: [String: String]
    /// Those in front of the first stage.
    private var global: [String: String] = [:]
    /// What FROM sees.
    private var variables: Variables

    /// - Parameter architecture: `amd64`
    package init(
        _ file: Dockerfile, given: [String: String], architecture: String, target: String
    ) throws(DockerfileError) {
        self.given = given
        variables = Variables(escape: file.directives.escape)
        var platform = ["TARGETSTAGE": target]
        for side in ["TARGET", "BUILD"] {
            platform["\(side)PLATFORM"] = "linux/\(architecture)"
            platform["\(side)OS"] = "linux"
            platform["\(side)ARCH"] = architecture
            platform["\(side)VARIANT"] = ""
        }
        self.platform = platform
        for (name, value) in platform { variables.setArgument(name, to: given[name] ?? value) }
        for instruction in file.globalArguments {
            guard case .argument(let arguments) = instruction.command else { continue }
            for argument in arguments {
                let value = try locating(instruction.lines) { () throws(DockerfileError) in
                    if let value = given[argument.name] { return Optional(value) }
                    return try argument.value.map(variables.word)
                }
                guard let value else { continue }
                global[argument.name] = value
                variables.setArgument(argument.name, to: value)
            }
        }
    }

    /// FROM's image and platform with their values.
    package func expanded(_ from: From, at lines: ClosedRange<Int>) throws(DockerfileError) -> From {
        try locating(lines) { () throws(DockerfileError) in
            var from = from
            let variables = variables
            let written = from.image
            from.image = try variables.word(written)
            guard !from.image.isEmpty else { throw DockerfileError("base name (\(written)) should not be blank") }
            from.platform = try from.platform.map(variables.word)
            return from
        }
    }

    /// The value that an ARG of a stage has: of the caller, its own, or that in front of the first stage.
    package func value(of argument: Argument, in variables: Variables) throws(DockerfileError) -> String? {
        if let value = given[argument.name] { return value }
        if let usual = argument.value { return try variables.word(usual) }
        if let value = global[argument.name] { return value }
        return platform[argument.name]
    }

    /// Those of the caller that no ARG mentions.
    /// - Parameter triggers: what the images below the stages want to be done.
    package func unused(in file: Dockerfile, triggers: [Instruction]) -> [String] {
        let instructions = file.globalArguments + file.stages.flatMap(\.instructions) + triggers
        let named = instructions.flatMap { instruction -> [String] in
            guard case .argument(let arguments) = instruction.command else { return [] }
            return arguments.map(\.name)
        }
        let known = Variables.proxies.union(platform.keys).union(named).union(["SOURCE_DATE_EPOCH"])
        return given.keys.filter { !known.contains($0) && !$0.hasPrefix("BUILDKIT_") }.sorted()
    }
}
