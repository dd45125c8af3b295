import Core
import Glibc
import Linux

extension ContainerState {
    /// From now on the calling process is the container's supervisor.
    mutating func supervise() {
        supervisor = getpid()
        supervisorStartTime = ProcessIdentity(of: supervisor)?.startTime
    }

    /// A handle on the very process that is on record, not on one that has got its number since; nil when it is gone.
    func openSupervisor() -> ProcessDescriptor? {
        guard let supervisorStartTime else { return try? ProcessDescriptor(supervisor) }
        return ProcessIdentity(pid: supervisor, startTime: supervisorStartTime).open()
    }
}
