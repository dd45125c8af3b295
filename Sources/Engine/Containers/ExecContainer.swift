import Containers
import Core
import Glibc
import Lifecycle
import Linux
import Records
import Supervisor

extension Engine {
    /// Runs a further program in a running container.
    /// - Returns: its exit code; 0 at once when it is detached.
    package func exec(_ request: ExecRequest) throws(OperationError) -> Int32 {
        try RunStreams.checkInput(of: request.streams, isWanted: request.interactive && !request.detached)
        let id = try containerStore.find(request.container)
        guard let definition = try containerStore.definition(id), let running = try host.running(id) else {
            throw try host.refusal(of: .exec, id, request.container)
        }
        if Freezer.isPaused(running.state.cgroups) { throw try host.refusal(of: .exec, id, request.container) }
        var plan: ProcessPlan
        do throws(OperationError) {
            plan = try execPlan(request, definition, process: running.state.pid ?? 0)
        } catch {
            if isOver(running) { throw host.notRunning(id) }
            throw error
        }
        // Then it was this container's process all the time, and none that has its number by now.
        if running.process.waitForEnd(milliseconds: 0) { throw host.notRunning(id) }
        let mayBeLeft = request.terminal && request.interactive && request.detachKeys != nil
        if request.detached || mayBeLeft { plan.diesWithParent = false }
        let signals = try SignalSource(ForwardedSignals.all)
        SupervisorSignals.ignore()
        let streams = try execStreams(request, owner: plan.user)
        var process = try enter(running, definition, plan, streams, terminal: request.terminal)
        streams.closeInside()
        let execution = announceBeginning(of: request.arguments, in: definition)
        if request.detached {
            process.leave()
            return 0
        }
        return try attend(request, &process, streams, signals, mayBeLeft: mayBeLeft) { code in
            host.announce(.of(definition, "exec_die", ["execID": execution, "exitCode": String(code)]))
        }
    }

    /// - Parameter onEnd: gets the program's exit code before the rest of its output is delivered.
    /// - Returns: the exit code; 0 when the caller has left.
    private func attend(
        _ request: ExecRequest, _ process: inout EnteredProcess, _ streams: RunStreams, _ signals: SignalSource,
        mayBeLeft: Bool, onEnd: (Int32) -> Void
    ) throws(OperationError) -> Int32 {
        let terminal = mayBeLeft ? process.copyTerminal() : nil
        let relay = relay(request, process: &process, streams, signals: signals)
        if relay.isDetached, let terminal {
            try leave(terminal, relay)
            process.leave()
            return 0
        }
        let code = process.wait()
        onEnd(code)
        relay.deliver(until: signals)
        return host.exitCode(code, lost: relay.lostOutput)
    }

    /// - Returns: its id, by which the events of one program are known.
    private func announceBeginning(of arguments: [String], in definition: ContainerDefinition) -> String {
        let execution = ContainerID.random().hex
        let words = arguments.joined(separator: " ")
        host.announce(
            ["exec_create", "exec_start"].map { .of(definition, "\($0): \(words)", ["execID": execution]) })
        return execution
    }

    /// Whether a step has failed because the container's process has ended: what it has in /proc goes a moment before that
    /// is to be seen (do_exit in the kernel's exit.c).
    private func isOver(_ running: borrowing RunningContainer) -> Bool {
        running.process.waitForEnd(milliseconds: 100)
    }

    private func enter(
        _ running: borrowing RunningContainer, _ definition: ContainerDefinition, _ plan: ProcessPlan,
        _ streams: RunStreams, terminal: Bool
    ) throws(OperationError) -> EnteredProcess {
        let hierarchies = CgroupHost()
        do throws(OperationError) {
            let homes = host.cgroups(of: definition.id, running.state).map(CgroupDirectories.home)
            let cgroup = try CgroupDirectories.open(homes.first { hierarchies.isUnified($0) })
            let process = try EnteredProcess.start(
                in: running.process, namespaces: definition.joinedNamespaces, plan, stdio: streams.inside,
                terminal: terminal, cgroup: cgroup, version1: homes.filter { !hierarchies.isUnified($0) })
            // What `update` has joined meanwhile, it may have joined without this one.
            for late in host.cgroups(of: definition.id, running.state).map(CgroupDirectories.home)
            where !homes.contains(late) {
                try Files.set(late + "/cgroup.procs", to: String(process.pid))
            }
            return process
        } catch {
            // Whatever failed, failed because there was nothing left to join.
            if error.exitCode == nil, isOver(running) {
                throw host.notRunning(definition.id)
            }
            throw error
        }
    }

    private func execStreams(_ request: ExecRequest, owner: UInt32) throws(OperationError) -> RunStreams {
        guard request.detached else {
            return try RunStreams(
                terminal: request.terminal, input: request.interactive, caller: request.streams, owner: owner)
        }
        return RunStreams.nowhere()
    }

    private func relay(
        _ request: ExecRequest, process: inout EnteredProcess, _ streams: RunStreams, signals: SignalSource
    ) -> StreamRelay {
        let caller = request.streams
        let forwarding = SignalForwarder(to: process.pid, caller: caller)
        let relay = StreamRelay()
        signals.onSignal = { forwarding.forward($0) }
        if let master = process.takeTerminal() {
            if request.interactive, let copy = try? master.duplicate() {
                relay.joinTerminal(of: caller.input, to: copy, detachKeys: request.detachKeys)
            }
            forwarding.resizes = try? master.duplicate()
            relay.addOutput(from: master, to: caller.output, as: .stdout)
        }
        if let output = streams.takeOutput() { relay.addOutput(from: output, to: caller.output, as: .stdout) }
        if let error = streams.takeError() { relay.addOutput(from: error, to: caller.error, as: .stderr) }
        if let input = streams.takeInput() {
            relay.setInput(from: caller.input, to: input, isTerminal: false, meter: streams.takeInputMeter())
        }
        let watch = ProcessWatch(process.process)
        watch.onEnd = { relay.stopInput() }
        EventLoop([watch, signals, relay]).run { !watch.hasEnded && !relay.isDetached }
        if !relay.isDetached { relay.collect() }
        return relay
    }

    /// A copy of this process keeps the terminal, which else would hang up, and reads what nobody else does.
    private func leave(_ terminal: borrowing Descriptor, _ relay: StreamRelay) throws(OperationError) {
        guard case .child = try Fork.fork() else { return }
        relay.close()
        setsid()
        chdir("/")
        try? InheritedDescriptors.redirectStandardStreams()
        InheritedDescriptors.close(except: [terminal.number])
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            _ = Polling.wait(for: terminal, POLLIN, milliseconds: -1)
            let count = read(terminal.number, &bytes, bytes.count)
            if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { _exit(0) }
        }
    }

    private func execPlan(
        _ request: ExecRequest, _ definition: ContainerDefinition, process: pid_t
    ) throws(OperationError) -> ProcessPlan {
        let user: ResolvedUser
        do throws(OperationError) {
            user = try resolveUser(
                request.user ?? definition.user, adding: definition.groupsAdded, in: .process(process))
        } catch {
            // Docker's code: 1 could be the program's own.
            throw error.exiting(with: 126)
        }
        var environment = Environment()
        for entry in definition.environment { environment.set(entry) }
        if request.terminal { environment.set("TERM=xterm") }
        for entry in request.environment { environment.set(entry) }
        if request.user != nil { environment.set("HOME=\(user.home)") }
        let capabilities =
            request.privileged
            ? try Capabilities.resolve(added: [], dropped: [], privileged: true) : definition.capabilities
        guard let command = request.arguments.first else { throw OperationError("no command specified") }
        var plan = ProcessPlan(
            command: command, arguments: request.arguments, environment: environment.entries,
            directory: request.workingDirectory ?? definition.workingDirectory,
            path: Environment.value("PATH", in: environment.entries) ?? "",
            capabilities: Capabilities.mask(of: capabilities))
        if request.terminal { plan.terminalSize = request.streams.terminalSize }
        plan.user = user.uid
        plan.group = user.gid
        plan.groups = user.groups
        plan.noNewPrivileges = definition.noNewPrivileges
        plan.seccomp = try SeccompProfile.load(
            request.privileged ? "unconfined" : definition.seccomp, capabilities: capabilities,
            cacheDirectory: layout.seccompCache)
        plan.ulimits = definition.ulimits
        plan.oomScore = definition.kernel.oomScore
        return plan
    }
}
