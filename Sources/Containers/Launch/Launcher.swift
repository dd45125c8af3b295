import CLaunch
import Core
import Glibc
import Linux

/// What a child said before its program began.
package enum LaunchMessage: ~Copyable {
    /// The master of the container's terminal.
    case terminal(Descriptor)
    /// The process that a helper made in a running container.
    case started(pid_t)
    /// Everything is set up; `proceed` is waited for.
    case waiting
    /// The program runs, or the child died without a word.
    case executed
}

/// A container's first process, from clone to exec. Dropping this value before `disown` kills it.
package struct LaunchedChild: ~Copyable {
    package let pid: pid_t
    package let process: ProcessDescriptor
    private let socket: Descriptor
    /// What a failure is told from; not kept once the program runs.
    private var plan: LaunchPlan?
    private var isDisowned = false

    /// Clones the child, which begins to work through `plan` at once and then waits.
    /// - Parameters:
    ///   - cgroup: a cgroup v2 directory to be born in.
    ///   - network: a network namespace to join; nil for that of the caller, or of the process that the plan names.
    package static func start(
        _ plan: LaunchPlan, stdio: StandardStreams, cgroup: borrowing Descriptor?,
        network: borrowing NetworkNamespace?
    ) throws(OperationError) -> LaunchedChild {
        let memory = PlanMemory()
        var native = claunch_plan()
        native.namespaces = plan.namespaces.rawValue
        native.cgroup = cgroup.number
        native.network = plan.joined.network >= 0 ? plan.joined.network : network.number
        native.pid = plan.joined.pid
        native.ipc = plan.joined.ipc
        native.hostname = memory.string(plan.hostname)
        native.steps = memory.steps(plan.steps)
        native.step_count = plan.steps.count
        native.process = memory.process(plan.process, stdio: stdio)
        var pidfd: Int32 = -1
        var socket: Int32 = -1
        try FaultPoint.pass("create container process")
        let pid = withExtendedLifetime(memory) { claunch_start(&native, &pidfd, &socket) }
        guard pid > 0 else {
            throw OperationError("create container process", errno: -pid, remedy: -pid == EPERM ? "run as root" : nil)
        }
        let child = LaunchedChild(
            pid: pid, process: ProcessDescriptor(owning: Descriptor(owning: pidfd)),
            socket: Descriptor(owning: socket), plan: plan)
        try FaultPoint.pass("set up container process")
        return child
    }

    private init(pid: pid_t, process: consuming ProcessDescriptor, socket: consuming Descriptor, plan: LaunchPlan?) {
        self.pid = pid
        self.process = process
        self.socket = socket
        self.plan = plan
    }

    /// One whose program runs, and whose parent this process is.
    package init(running pid: pid_t, _ process: consuming ProcessDescriptor) {
        self.init(pid: pid, process: process, socket: Descriptor(owning: -1), plan: nil)
    }

    deinit {
        guard !isDisowned else { return }
        // Its number is nobody else's until it is reaped.
        kill(pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    /// The child is somebody else's to reap from now on.
    package mutating func disown() { isDisowned = true }

    /// - Throws: what kept the child from going on, with the exit code that fits.
    package mutating func next() throws(OperationError) -> LaunchMessage {
        // Nothing comes after the last one.
        guard let current = plan else { return .executed }
        let message = try receiveLaunchMessage(socket) { message in
            LaunchFailure(message, process: current.process, steps: current.steps).error
        } whileSilent: { () throws(OperationError) in
            try Interruption.check("start container process")
        }
        switch consume message {
        case .executed:
            plan = nil
            return .executed
        case let other: return other
        }
    }

    package func proceed() throws(OperationError) {
        try FaultPoint.pass("start container process")
        let result = claunch_proceed(socket.number)
        guard result >= 0 else { throw OperationError("start container process", errno: -result) }
    }
}

/// - Parameter whileSilent: called ten times a second until the child says something.
func receiveLaunchMessage(
    _ socket: borrowing Descriptor, failure: (claunch_message) -> OperationError,
    whileSilent: () throws(OperationError) -> Void
) throws(OperationError) -> LaunchMessage {
    while !Polling.wait(for: socket, POLLIN, milliseconds: 100) { try whileSilent() }
    var message = claunch_message()
    let result = claunch_receive(socket.number, &message)
    guard result == 0 else { throw OperationError("read from the container's process", errno: -result) }
    switch UInt32(message.kind) {
    case CLAUNCH_MASTER.rawValue: return .terminal(Descriptor(owning: message.descriptor))
    case CLAUNCH_STARTED.rawValue: return .started(message.value)
    case CLAUNCH_WAITING.rawValue: return .waiting
    case CLAUNCH_FAILED.rawValue: throw failure(message)
    default: return .executed
    }
}
