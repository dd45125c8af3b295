import Containers
import Core
import Glibc
import Linux
import Records

extension ContainerRun {
    /// Says on record how well the container is. It is for those who look: what fails changes nothing else.
    package func record(_ health: ContainerHealth) {
        self.health = health
        do throws(OperationError) { try host.containerStore.write(health, of: id) } catch {
            host.warn(error.description)
        }
    }

    /// Whether somebody holds the container still.
    package var isPaused: Bool { Freezer.isFrozen(state.cgroups) }

    /// Kills what a check has started.
    package func killCheck() { checkCgroup?.kill() }

    private var homes: [String] { host.cgroups(of: id, state).map(CgroupDirectories.home) }
    private var checkCgroup: CheckCgroup? { CheckCgroup(in: homes) }

    /// Makes one check, as the container's program would, and waits for it. It is for a copy of the supervisor.
    /// - Returns: nil when it says nothing: the container has ended meanwhile, or was paused.
    package func probe(_ check: HealthCheck) -> HealthProbe? {
        let start = Timestamp.now()
        guard let process = state.process?.open() else { return nil }
        let exitCode: Int32
        let output: String
        do throws(OperationError) {
            let end = try perform(check, in: process)
            exitCode = end.exitCode ?? -1
            output = end.exitCode == nil ? Self.lateness(check, end.text) : end.text
        } catch {
            exitCode = -1
            output = error.description
        }
        let hasEnded = process.waitForEnd(milliseconds: 0)
        if exitCode != 0, hasEnded || isPaused { return nil }
        return HealthProbe(start: start, end: .now(), exitCode: exitCode, output: output)
    }

    /// Docker's sentence.
    package static func lateness(_ check: HealthCheck, _ output: String) -> String {
        "Health check exceeded timeout (\(GoDuration.text(nanoseconds: check.timeoutInEffect)))"
            + (output.isEmpty ? "" : ": \(output)")
    }

    private func perform(
        _ check: HealthCheck, in container: borrowing ProcessDescriptor
    ) throws(OperationError) -> ProbeEnd {
        let deadline = Deadline(milliseconds: check.timeoutInEffect / 1_000_000)
        let own = checkCgroup
        try own?.create()
        defer { own?.remove() }
        let places = homes.map { own?.place($0) ?? $0 }
        let hierarchies = CgroupHost()
        var pipe = try Descriptor.pipe()
        let unified = try CgroupDirectories.open(places.first { hierarchies.isUnified($0) })
        var process = try EnteredProcess.start(
            in: container, namespaces: definition.joinedNamespaces, checkPlan(check),
            stdio: StandardStreams(input: -1, output: pipe.writeNumber, error: pipe.writeNumber), terminal: false,
            cgroup: unified, version1: places.filter { !hierarchies.isUnified($0) })
        pipe.closeWrite()
        guard let output = pipe.takeRead() else { throw OperationError("read output", errno: EBADF) }
        let end = ProbeEnd(of: &process, output: output, limit: HealthProbe.longestOutput, until: deadline)
        if end.exitCode == nil { own?.kill() }
        return end
    }

    /// With the user, the environment, the directory and the rights of the container's own program.
    private func checkPlan(_ check: HealthCheck) -> ProcessPlan {
        let command = check.command ?? []
        let path = plan.process.environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        var process = ProcessPlan(
            command: command.first ?? "", arguments: command, environment: plan.process.environment,
            directory: plan.process.directory, path: String(path), capabilities: plan.process.capabilities)
        process.user = plan.process.user
        process.group = plan.process.group
        process.groups = plan.process.groups
        process.noNewPrivileges = plan.process.noNewPrivileges
        process.seccomp = plan.process.seccomp
        process.ulimits = plan.process.ulimits
        return process
    }
}
