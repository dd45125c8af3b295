import Core
import Linux
import Glibc

/// How a detached supervisor tells the command that made it whether the program runs.
package final class SupervisorReport {
    private var pipe: Pipe

    package init() throws(OperationError) { pipe = try Descriptor.pipe() }

    /// The supervisor's side.
    package func succeed() { send(["started": true]) }

    package func fail(_ error: OperationError) { send(error.report) }

    private func send(_ message: JSON) {
        pipe.closeRead()
        guard let end = pipe.takeWrite() else { return }
        // Nothing is to be done about a command that cannot be told.
        try? FaultPoint.pass("report to command")
        try? Files.writeAll(Array(message.compact.utf8), to: end, named: "report")
    }

    /// The command's side: returns when the program has been exec'd.
    package func receive() throws(OperationError) {
        pipe.closeWrite()
        guard let end = pipe.takeRead() else { return }
        let bytes = try Files.read(end, named: "supervisor's report")
        guard let message = try? JSON(parsing: bytes) else {
            throw OperationError("start container", reason: "its supervisor was killed")
        }
        if message["started"] == true { return }
        throw OperationError(report: message, of: "start container")
    }
}
