import Core
import Linux

extension CommandLineTool {
    /// The Docker whose command line, JSON and reading of words this program has. Scripts compare it with the least that they
    /// need.
    package static let dockerVersion = "20.10.24"
    package static var versionLine: String { "Docker version \(dockerVersion), build mydocker-\(version)" }

    /// As `docker` has it: its own flags stand before the command.
    static func runAsDocker(_ words: ArraySlice<String>, _ context: inout CommandContext) -> Int32 {
        var parsed = ParsedWords()
        do throws(FlagError) {
            let flags = DockerFlags.specifications
            try FlagParser.parse(words, flags: flags, stopsAtOperand: true, into: &parsed)
        } catch {
            context.errors.lines([error.text(among: DockerFlags.specifications), "See 'docker --help'."])
            return 125
        }
        if parsed.asksForHelp { return runCommand(["--help"], &context) }
        do throws(OperationError) {
            if try DockerFlags.asksForVersion(parsed.occurrences, context.environment) {
                context.output.line(versionLine)
                return 0
            }
        } catch {
            context.report(error)
            return 1
        }
        let operands = parsed.operands[...]
        guard let first = operands.first, !isCommand(first) else { return runCommand(operands, &context) }
        context.errors.lines(["docker: '\(first)' is not a docker command.", "See 'docker --help'"])
        return 1
    }

    private static func isCommand(_ word: String) -> Bool {
        word == "help" || find([word]) != nil || synopses.contains { $0.names.contains { $0.hasPrefix(word + " ") } }
    }
}

/// The flags of `docker` itself: what cannot matter without a daemon is accepted, another host is an error.
enum DockerFlags {
    static let specifications: [FlagSpecification] = [
        named("debug", "D"), named("tls"), named("tlsverify"), named("version", "v"), named("host", "H", "HOST"),
        named("context", "c", "NAME"), named("config", nil, "DIR"), named("log-level", "l", "LEVEL"),
        named("tlscacert", nil, "FILE"), named("tlscert", nil, "FILE"), named("tlskey", nil, "FILE"),
    ]

    private static func named(
        _ name: String, _ letter: Character? = nil, _ placeholder: String? = nil
    ) -> FlagSpecification {
        FlagSpecification(name: name, letter: letter, aliases: [], placeholder: placeholder, help: "")
    }

    /// - Throws: when the flags or the environment want another host than this one.
    static func asksForVersion(
        _ occurrences: [ParsedWords.Occurrence], _ environment: (String) -> String?
    ) throws(OperationError) -> Bool {
        func last(_ name: String) -> String? {
            occurrences.last { specifications[$0.flag].name == name }?.value
        }
        try checkHost(last("host") ?? environment("DOCKER_HOST") ?? "")
        if last("host") == nil { try checkContext(last("context") ?? environment("DOCKER_CONTEXT") ?? "") }
        return last("version").map { $0 == "true" } ?? false
    }

    private static func checkHost(_ host: String) throws(OperationError) {
        guard host.isEmpty || host.hasPrefix("unix://") || host.hasPrefix("fd://") else {
            throw OperationError(
                "cannot use host", host, reason: "mydocker runs containers on this host alone",
                remedy: "unset DOCKER_HOST, or leave out -H", kind: .unsupported)
        }
    }

    private static func checkContext(_ context: String) throws(OperationError) {
        guard context.isEmpty || context == "default" else {
            throw OperationError(
                "cannot use context", context, reason: "mydocker runs containers on this host alone",
                remedy: "unset DOCKER_CONTEXT, or leave out --context", kind: .unsupported)
        }
    }
}
