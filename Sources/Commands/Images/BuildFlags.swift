import Core
import Engine

extension BuildCommand {
    package static var flags: [Flag<BuildCommand>] {
        nameFlags + fileFlags + checkFlags + stepFlags + limitFlags + valueFlags + outputFlags + idleFlags
    }

    private static var valueFlags: [Flag<BuildCommand>] {
        [
            .value("secret", "id=NAME[,src=FILE|env=VARIABLE]", "Give RUN --mount=type=secret something to read") {
                command, text throws(OperationError) in
                command.secrets.append(try SimpleValue.nonEmpty(text))
            },
            .value(
                "build-context", "NAME=DIRECTORY|NAME=URL|NAME=docker-image://IMAGE",
                "Give a directory, archive, repository or image a name for FROM and --from"
            ) {
                command, text throws(OperationError) in
                command.contexts.append(try SimpleValue.nonEmpty(text))
            },
            .value("ssh", "default|NAME=SOCKET", "Let RUN --mount=type=ssh ask an agent") {
                command, text throws(OperationError) in
                command.agents.append(try SimpleValue.nonEmpty(text))
            },
            .value(
                "output", short: "o", "DIRECTORY|-|type=TYPE,dest=PATH",
                "Write the image there instead of keeping it: its files (local, tar), or all of it (docker, oci)"
            ) { command, text throws(OperationError) in
                command.outputs.append(try SimpleValue.nonEmpty(text))
            },
        ]
    }

    private static var nameFlags: [Flag<BuildCommand>] {
        [
            .value("tag", short: "t", "NAME", "Name of the image; several may be given") {
                command, text throws(OperationError) in
                command.request.tags.append(try SimpleValue.unicode(SimpleValue.nonEmpty(text)))
            },
            .value("label", "KEY=VALUE", "Give the image a label") { command, text throws(OperationError) in
                command.labels.append(try SimpleValue.unicode(text))
            },
            .value("annotation", "[manifest:]KEY=VALUE", "Say something of the image in its manifest") {
                command, text throws(OperationError) in
                let annotation = try BuildValues.annotation(SimpleValue.unicode(text))
                command.request.annotations[annotation.key] = annotation.value
            },
            .toggle("push", "Bring the image to the registries that its names say, too") { $0.request.pushes = $1 },
            .value("metadata-file", "FILE", "Write what has come of it to a file, as JSON") {
                command, text throws(OperationError) in
                command.request.metadataFile = SimpleValue.given(text)
            },
            .value("iidfile", "FILE", "Write the image's id to a file") { command, text throws(OperationError) in
                command.request.identityFile = SimpleValue.given(text)
            },
        ]
    }

    private static var fileFlags: [Flag<BuildCommand>] {
        [
            .value("file", short: "f", "FILE", "Dockerfile to read, or - for standard input (PATH/Dockerfile)") {
                command, text throws(OperationError) in
                command.request.file = SimpleValue.given(text)
            },
            .value("target", "STAGE", "Build this stage, by name or number") { command, text throws(OperationError) in
                command.request.target = SimpleValue.given(text)
            },
            .value("build-arg", "NAME[=VALUE]", "Give an ARG a value") { command, text throws(OperationError) in
                command.arguments.append(try SimpleValue.unicode(SimpleValue.nonEmpty(text)))
            },
            .value("platform", "PLATFORM", "Only this host's own") { command, text throws(OperationError) in
                command.request.platform = text == "local" ? nil : SimpleValue.given(text)
            },
        ]
    }

    private static var checkFlags: [Flag<BuildCommand>] {
        [
            .toggle("check", "Read the Dockerfile and say what is wrong with it, and build nothing") {
                $0.request.checksOnly = $1
            },
            .value("call", "METHOD", "build, or check: the same as --check") { command, text throws(OperationError) in
                guard ["build", "check", "lint"].contains(text) else {
                    throw OperationError(
                        "there are build and check, not \(JSON.quoted(text))", kind: .unsupported)
                }
                command.request.checksOnly = text != "build"
            },
        ]
    }

    private static var stepFlags: [Flag<BuildCommand>] {
        [
            .toggle("pull", "Ask registries for the images of stages, whether they are here or not") {
                $0.request.pulls = $1
            },
            .toggle("no-cache", "Carry out every step, whatever was built before") { $0.request.ignoresCache = $1 },
            .value("no-cache-filter", "STAGE,...", "Carry out every step of these stages, whatever was built before") {
                command, text throws(OperationError) in
                for name in try SimpleValue.nonEmpty(text).split(separator: ",") {
                    command.request.uncachedStages.insert(name.lowercased())
                }
            },
            .value("allow", "ENTITLEMENT", "network.host: a RUN may ask for the host's network") {
                command, text throws(OperationError) in
                guard text == "network.host" else {
                    throw OperationError("there is network.host alone, not \"\(text)\"", kind: .unsupported)
                }
                command.request.allowsHostNetwork = true
            },
            .value("network", "MODE", "Network of RUN: default, none or host") { command, text throws(OperationError) in
                let network = try SimpleValue.given(text) { text throws(OperationError) -> BuildRequest.Network in
                    guard let network = BuildRequest.Network(rawValue: text) else {
                        throw OperationError("use default, none or host")
                    }
                    return network
                }
                command.request.network = network ?? .usual
            },
            .value("add-host", "HOST:IP", "Add a line to /etc/hosts of RUN (ip: host-gateway)") {
                command, text throws(OperationError) in
                guard let host = ExtraHost(text) else { throw OperationError("bad format for add-host: \"\(text)\"") }
                command.request.extraHosts.append(host)
            },
        ]
    }

    private static var outputFlags: [Flag<BuildCommand>] {
        [
            .toggle("quiet", short: "q", "Print only the image's id") { $0.isQuiet = $1 },
            .value("progress", "KIND", "How progress is shown: auto, plain, tty or quiet") {
                command, text throws(OperationError) in
                command.progress = try SimpleValue.given(text, Progress.init(parsing:))
            },
        ]
    }
}
