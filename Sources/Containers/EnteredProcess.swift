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

    /// Returns once the program has been exec'd.
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
        let socket = Descriptor(owning: number)
        var conversation = Conversation()
        let failure = join(helper, version1, socket) ?? conversation.follow(socket, plan)
        reap(helper)
        if let failure {
            if conversation.pid > 0 { reap(conversation.pid) }
            throw failure
        }
        let process = try ProcessDescriptor(conversation.pid)
        let entered = EnteredProcess(pid: conversation.pid, process: process, terminal: conversation.terminal.take())
        try FaultPoint.pass("supervise process")
        return entered
    }

    /// Moves the helper, so that no process of the container is ever outside of its limits.
    private static func join(
        _ helper: pid_t, _ directories: [String], _ socket: borrowing Descriptor
    ) -> OperationError? {
        guard !directories.isEmpty else { return nil }
        do throws(OperationError) {
            for directory in directories { try Files.set(directory + "/cgroup.procs", to: String(helper)) }
            let result = claunch_proceed(socket.number)
            guard result >= 0 else { throw OperationError("create process", errno: -result) }
            return nil
        } catch {
            kill(helper, SIGKILL)
            return error
        }
    }

    /// What the helper and the process that it makes say until exec.
    private struct Conversation: ~Copyable {
        var pid: pid_t = 0
        var terminal: Descriptor?

        mutating func follow(_ socket: borrowing Descriptor, _ plan: ProcessPlan) -> OperationError? {
            do throws(OperationError) {
                while true {
                    let message = try receiveLaunchMessage(socket) {
                        LaunchFailure($0, process: plan, isEntered: true).error
                    }
                    switch consume message {
                    case .started(let number): pid = number
                    case .terminal(let master): terminal = Optional(master)
                    case .executed: return pid > 0 ? nil : OperationError("create process", errno: ESRCH)
                    case .waiting: break
                    case .networkSocket: break
                    }
                }
            } catch {
                return error
            }
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

    package mutating func takeTerminal() -> Descriptor? { terminal.take() }

    /// Waits for the end and gives the exit code a shell would see.
    package mutating func wait() -> Int32 {
        isReaped = true
        return reap(pid).exitCode
    }
}
