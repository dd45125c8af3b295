import Containers
import Core
import Glibc
import Linux

/// Sees to it that a container whose output nobody reads any more does not go on for ever. In a plain pipeline SIGPIPE would end
/// its program; but process 1 of a pid namespace is not ended by that.
final class UnheardContainer {
    private let pid: Int32
    private let definition: ContainerDefinition
    private var isAsked = false
    /// It was told to end, or killed.
    private(set) var wasEnded = false

    init(_ pid: Int32, _ definition: ContainerDefinition) {
        self.pid = pid
        self.definition = definition
    }

    /// Ends it as `stop` does.
    /// - Returns: milliseconds until this is to be called again.
    func end() -> Int32? {
        wasEnded = true
        let signal = definition.stopSignal
        if !isAsked, definition.stopTimeout != 0, SignalDisposition(of: pid).mayReceive(signal) {
            isAsked = true
            kill(pid, signal)
            return definition.stopTimeout < 0 ? nil : Int32(clamping: definition.stopTimeout * 1000)
        }
        kill(pid, SIGKILL)
        return nil
    }
}

extension Engine {
    /// The exit code of a command whose program has ended with `code`.
    /// - Parameters:
    ///   - lost: what of its output could not be written.
    ///   - wasEnded: because nobody read it.
    func exitCode(_ code: Int32, lost: LostOutput?, wasEnded: Bool = false) -> Int32 {
        guard let lost else { return code }
        if lost.isUnheard { return wasEnded ? 128 + SIGPIPE : code }
        let error = OperationError("write standard \(lost.sink == 1 ? "output" : "error")", errno: lost.errno)
        warn("output is lost: \(error.description)")
        return code == 0 ? 125 : code
    }
}
