import CLaunch
import Core
import Glibc

/// Makes a sentence and an exit code of what the child reported: stage, index and errno.
struct LaunchFailure {
    let message: claunch_message
    let process: ProcessPlan
    let steps: [LaunchStep]
    /// It is about a further process of a container.
    let isEntered: Bool

    init(_ message: claunch_message, process: ProcessPlan, steps: [LaunchStep] = [], isEntered: Bool = false) {
        self.message = message
        self.process = process
        self.steps = steps
        self.isEntered = isEntered
    }

    var error: OperationError {
        switch UInt32(message.stage) {
        case CLAUNCH_STAGE_EXEC.rawValue: executionError
        case CLAUNCH_STAGE_HOST_BINARY.rawValue:
            withCode(
                126, OperationError("exec", process.command, reason: "mydocker itself cannot run inside a container"))
        case CLAUNCH_STAGE_DIRECTORY.rawValue:
            withCode(
                // Docker's codes.
                message.value == ENOENT && !isEntered ? 127 : 126,
                OperationError("change to working directory", process.directory, errno: message.value))
        case CLAUNCH_STAGE_STEP.rawValue: stepError
        case CLAUNCH_STAGE_RLIMIT.rawValue:
            OperationError("set ulimit", name(process.ulimits.map(\.name)), errno: message.value)
        case CLAUNCH_STAGE_ENTER.rawValue: OperationError("join the container's namespaces", errno: message.value)
        default: OperationError(stageName, errno: message.value)
        }
    }

    private var executionError: OperationError {
        guard !process.candidates.isEmpty, message.value != ENOENT && message.value != ENOTDIR else {
            return process.notFound
                ?? withCode(
                    127,
                    OperationError(
                        "exec", process.command,
                        reason: process.command.contains("/")
                            ? "no such file or directory" : "executable file not found in $PATH"))
        }
        return withCode(126, OperationError("exec", process.command, errno: message.value))
    }

    private var stepError: OperationError {
        guard steps.indices.contains(Int(message.index)) else {
            return OperationError("prepare container", errno: message.value)
        }
        let step = steps[Int(message.index)]
        return OperationError(step.purpose, step.target, errno: message.value)
    }

    private var stageName: String {
        switch UInt32(message.stage) {
        case CLAUNCH_STAGE_CLONE.rawValue: "create process"
        case CLAUNCH_STAGE_NETWORK.rawValue: "open netlink socket in the container"
        case CLAUNCH_STAGE_IPC.rawValue: "join the other container's IPC namespace"
        case CLAUNCH_STAGE_OOM_SCORE.rawValue: "set OOM score"
        case CLAUNCH_STAGE_HOSTNAME.rawValue: "set host name"
        case CLAUNCH_STAGE_STDIO.rawValue: "connect standard streams"
        case CLAUNCH_STAGE_IDENTITY.rawValue: "set user and groups"
        case CLAUNCH_STAGE_CAPABILITIES.rawValue: "set capabilities"
        case CLAUNCH_STAGE_SECCOMP.rawValue: "set seccomp filter"
        case CLAUNCH_STAGE_TERMINAL.rawValue: "create terminal"
        case CLAUNCH_STAGE_INIT.rawValue: "start init"
        default: "start container process"
        }
    }

    private func name(_ names: [String]) -> String? {
        names.indices.contains(Int(message.index)) ? names[Int(message.index)] : nil
    }

    private func withCode(_ code: Int32, _ error: OperationError) -> OperationError {
        var error = error
        error.exitCode = code
        return error
    }
}
