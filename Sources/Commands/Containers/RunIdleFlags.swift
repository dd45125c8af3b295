import Core
import Engine
import Linux

/// Flags of Docker's that say nothing here, or ask for what there is not.
extension RunCommand {
    static var idle: [Flag<RunCommand>] {
        [
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
