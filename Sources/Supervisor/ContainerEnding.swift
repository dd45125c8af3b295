import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// Ends a container from within its supervisor as `stop` does: with its stop signal, which it may take its time over, or
/// with SIGKILL where that signal has no effect.
///
/// It is for those who can do no more than to send a signal that process 1 of a pid namespace never gets, or to close the
/// pipe that it writes to: other programs are ended by that.
package final class ContainerEnding {
    private let pid: Int32
    private let run: ContainerRun
    private var definition: ContainerDefinition { run.definition }
    /// It has begun.
    private(set) var isAsked = false

    package init(_ pid: Int32, _ run: ContainerRun) {
        self.pid = pid
        self.run = run
    }

    /// Whether process 1 cannot get to know of `signal`.
    package func isLost(_ signal: Int32) -> Bool {
        Interruption.isOne(signal) && !SignalDisposition(of: pid).mayReceive(signal)
    }

    /// To be called again when the time is over, or somebody insists.
    /// - Returns: milliseconds until then; nil never.
    package func advance() -> Int64? {
        let signal = definition.stopSignal
        if !isAsked, definition.stopTimeout != 0, SignalDisposition(of: pid).mayReceive(signal) {
            isAsked = true
            kill(pid, signal)
            run.letAct()
            let (milliseconds, isForEver) = definition.stopTimeout.multipliedReportingOverflow(by: 1000)
            return milliseconds < 0 || isForEver ? nil : milliseconds
        }
        kill(pid, SIGKILL)
        run.letAct()
        if !isAsked {
            let name = run.currentDefinition.name
            run.host.warn("container \"\(name)\": process 1 ignores \(Signal.name(signal)); killing it")
        }
        isAsked = true
        return nil
    }
}
