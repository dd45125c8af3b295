import Core
import Engine
import Linux

/// Flags of Docker's that say nothing here, or ask for what there is not.
extension RunCommand {
    static var idle: [Flag<RunCommand>] {
        [
            .value("pull", "POLICY", "missing or never: images are brought by load and import") {
                _, text throws(OperationError) in
                switch text {
                case "missing", "never": return
                case "always":
                    throw OperationError(
                        "there is no registry to pull from: bring the image by \(Program.current.name) load -i FILE",
                        kind: .unsupported)
                default:
                    throw OperationError(
                        "invalid pull option: '\(text)': must be one of \"always\", \"missing\" or \"never\"",
                        kind: .invalid)
                }
            },
            .toggle("quiet", short: "q", "Say nothing of pulling") { _, _ in },
            .value("platform", "OS/ARCHITECTURE", "This host's platform, and no other one") {
                command, text throws(OperationError) in
                command.request.platform = SimpleValue.given(text)
            },
            .value("isolation", "TECHNOLOGY", "default, and no other one") { command, text throws(OperationError) in
                guard ["", "default"].contains(text) else {
                    throw OperationError("invalid isolation (\(text)) on linux: use default", kind: .invalid)
                }
                command.request.warnings.append("--isolation has no effect: there is one kind of it")
            },
            .value("gpus", "DEVICES", "Not supported") { _, _ throws(OperationError) in
                throw OperationError(
                    "could not select device driver \"\" with capabilities: [[gpu]]; name its nodes with --device",
                    kind: .unsupported)
            },
            .value("storage-opt", "OPTION", "Not supported") { _, _ throws(OperationError) in
                throw OperationError(
                    "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
                    kind: .unsupported)
            },
        ]
    }
}
