import Core
import Glibc
import Linux

extension ContainerState {
    /// From now on the calling process is the container's supervisor.
    package mutating func supervise() {
        supervisor = getpid()
        supervisorStartTime = ProcessIdentity(of: supervisor)?.startTime
    }

    /// A handle on the very process that is on record, not on one that has got its number since; nil when it is gone.
    func openSupervisor() -> ProcessDescriptor? {
        guard let supervisorStartTime else { return try? ProcessDescriptor(supervisor) }
        return ProcessIdentity(pid: supervisor, startTime: supervisorStartTime).open()
    }

    /// Its first process, the very one that is on record; nil when there is none.
    package var process: ProcessIdentity? {
        guard let pid, let startTime = pidStartTime else { return nil }
        return ProcessIdentity(pid: pid, startTime: startTime)
    }

    /// Whether its first process is there and has not ended.
    package var isRunning: Bool {
        guard status == .running, let handle = process?.open() else { return false }
        return !handle.waitForEnd(milliseconds: 0)
    }
}
