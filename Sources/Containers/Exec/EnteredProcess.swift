import CLaunch
import Core
import Glibc
import Linux

/// A further process in a running container (`exec`). Dropping this value before it ended kills it.
package struct EnteredProcess: ~Copyable {
    package let pid: pid_t
    package let process: ProcessDescriptor
    /// The master of its terminal, when it has one.
    package private(set) var terminal: Descriptor?
    private var isReaped = false

    /// Returns once the program has been exec'd. The signals that ask a command to end are to be blocked: they end the wait.
    /// - Parameters:
    ///   - container: the container's first process.
    ///   - namespaces: those that the container has of its own.
    ///   - cgroup: a cgroup v2 directory to be born in.
    ///   - version1: cgroup v1 directories likewise.
    package static func start(
        in container: borrowing ProcessDescriptor, namespaces: Namespaces, _ plan: ProcessPlan, stdio: StandardStreams,
        terminal: Bool, cgroup: borrowing Descriptor?, version1: [String]
    ) throws(OperationError) -> EnteredProcess {
        let memory = PlanMemory()
        var entry = claunch_entry()
        entry.target = container.descriptor.number
        entry.namespaces = namespaces.rawValue
        entry.cgroup = cgroup.number
        entry.waits = version1.isEmpty ? 0 : 1
        entry.terminal = terminal ? 1 : 0
        entry.process = memory.process(plan, stdio: stdio)
        var number: Int32 = -1
        try FaultPoint.pass("create process")
        let helper = withExtendedLifetime(memory) { claunch_enter(&entry, &number) }
        guard helper > 0 else { throw OperationError("create process", errno: -helper) }
        var entrance = Entrance(helper: helper, socket: Descriptor(owning: number))
        do throws(OperationError) {
            try entrance.admit(to: version1)
            let entered = try entrance.follow(plan)
            try FaultPoint.pass("supervise process")
            return entered
        } catch {
            // Nothing goes on that the command has called a failure.
            entrance.abandon()
            throw error
        }
    }

    /// The way in: a helper outside, and then the process that it makes inside, whose own words count for nothing.
    private struct Entrance: ~Copyable {
        let helper: pid_t
        let socket: Descriptor
        var pid: pid_t?
        var terminal: Descriptor?
        private var isHelperReaped = false

        init(helper: pid_t, socket: consuming Descriptor) {
            self.helper = helper
            self.socket = socket
        }

        /// Moves the helper, so that no process of the container is ever outside of its limits.
        func admit(to directories: [String]) throws(OperationError) {
            guard !directories.isEmpty else { return }
            for directory in directories { try Files.set(directory + "/cgroup.procs", to: String(helper)) }
            try FaultPoint.pass("start process")
            let result = claunch_proceed(socket.number)
            guard result >= 0 else { throw OperationError("create process", errno: -result) }
        }

        mutating func follow(_ plan: ProcessPlan) throws(OperationError) -> EnteredProcess {
            while true {
                let message = try receiveLaunchMessage(socket) {
                    LaunchFailure($0, process: plan, isEntered: true).error
                } whileSilent: { () throws(OperationError) in
                    try wake()
                }
                switch consume message {
                case .started(let number):
                    // Whoever has taken over the process inside may name another one: a child of ours it must be.
                    if pid == nil, number != helper, isChild(number) { pid = number }
                case .terminal(let master): terminal = Optional(master)
                case .executed: return try finish()
                case .waiting: continue
                }
            }
        }

        /// A program in the container may have stopped the process that has not come to exec yet.
        private func wake() throws(OperationError) {
            try Interruption.check("start process in the container")
            if let pid, ProcessIdentity.isStopped(pid) == true { kill(pid, SIGCONT) }
        }

        private mutating func finish() throws(OperationError) -> EnteredProcess {
            reapHelper()
            guard let pid else { throw OperationError("create process", errno: ESRCH) }
            return EnteredProcess(pid: pid, process: try ProcessDescriptor(pid), terminal: terminal.take())
        }

        private mutating func reapHelper() {
            if !isHelperReaped { reap(helper) }
            isHelperReaped = true
        }

        mutating func abandon() {
            if !isHelperReaped { kill(helper, SIGKILL) }
            reapHelper()
            guard let pid else { return }
            kill(pid, SIGKILL)
            reap(pid)
        }
    }

    private init(pid: pid_t, process: consuming ProcessDescriptor, terminal: consuming Descriptor?) {
        self.pid = pid
        self.process = process
        self.terminal = terminal
    }

    deinit {
        guard !isReaped else { return }
        try? process.send(SIGKILL)
        reap(pid)
    }

    /// Lets it live on after this value and this program.
    package mutating func leave() { isReaped = true }

    package func copyTerminal() -> Descriptor? {
        switch terminal {
        case .some(let master): return try? master.duplicate()
        case .none: return nil
        }
    }

    package mutating func takeTerminal() -> Descriptor? { terminal.take() }

    /// Waits for the end and gives the exit code a shell would see.
    package mutating func wait() -> Int32 {
        isReaped = true
        return reap(pid).exitCode
    }
}
