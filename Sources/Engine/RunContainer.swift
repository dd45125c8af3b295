import Containers
import Core
import Glibc
import Linux
import Store

extension Engine {
    /// Runs a program in a new container.
    package func run(_ request: RunRequest) throws(OperationError) -> RunOutcome {
        // A supervisor that kept the caller's descriptors would keep the caller's pipes open.
        if request.detached || request.restart.name != .never { InheritedDescriptors.close() }
        try prepare()
        let plan = try plan(request)
        let writesID = try IdentityFile(request.cidFile, plan.definition.id)
        do throws(OperationError) {
            try makeBindSources(plan.definition.binds)
            let outcome = request.detached ? try runDetached(plan) : try runHere(plan)
            return outcome
        } catch {
            writesID.remove()
            throw error
        }
    }

    /// This process supervises the container and ends with it.
    private func runHere(_ plan: ContainerPlan) throws(OperationError) -> RunOutcome {
        // Blocked from here on: a signal during set-up reaches the program once that runs.
        let signals = try SignalDescriptor(ForwardedSignals.all)
        SupervisorSignals.ignore()
        if plan.definition.terminal, plan.definition.openStdin, !Terminal.isTerminal(0) {
            warn("standard input is not a terminal; the container has one all the same")
        }
        let id = plan.definition.id
        let guardian = try Guardian {
            // A dying process closes one file after the other: the container's lock may be free a moment later.
            waitForSupervisor(of: id)
            try? reclaim(id)
        }
        let restarts = try Restarts(plan.definition.restart)
        let run = try ContainerRun(self, plan)
        let exit = try round(run, restarts, signals: signals, isForeground: true)
        let code = exitCode(exit.exitCode, lost: run.lostOutput, wasEnded: run.wasUnheard)
        if exit.oomKilled { warn(outOfMemory(plan.definition, exit)) }
        guard restarts.follow(exit) else {
            if run.finish() { guardian.dismiss() }
            return .exited(code)
        }
        // As in Docker: the caller gets the first exit code, and the container goes on in the background.
        do throws(OperationError) {
            try moveToBackground(run, restarts)
        } catch {
            if run.finish() { guardian.dismiss() }
            throw error
        }
        guardian.dismiss()
        return .exited(code)
    }

    private func outOfMemory(_ definition: ContainerDefinition, _ exit: ContainerExit) -> String {
        let limit =
            definition.limits.memory.map { "its limit is \(ByteCount.text($0))" } ?? "this host ran out of memory"
        let peak = exit.memoryPeak.map { ", it used up to \(ByteCount.text($0))" } ?? ""
        return "container \"\(definition.name)\" ran out of memory: \(limit)\(peak); "
            + (definition.limits.memory == nil ? "free some, or limit it with --memory" : "raise it with --memory")
    }

    private func moveToBackground(_ run: ContainerRun, _ restarts: Restarts) throws(OperationError) {
        let report = try SupervisorReport()
        switch try Fork.fork() {
        case .parent(let supervisor):
            try report.receive()
            // Whoever read the record before it named the new supervisor has told the old one.
            if restarts.areEnded { Glibc.kill(supervisor, Restarts.end) }
        case .child:
            setsid()
            try? InheritedDescriptors.redirectStandardStreams()
            chdir("/")
            run.rest()
            report.succeed()
            repeatRounds(run, restarts)
            exit(0)
        }
    }

    /// A copy of this process supervises the container; this one ends once the program has been exec'd.
    private func runDetached(_ plan: ContainerPlan) throws(OperationError) -> RunOutcome {
        let report = try SupervisorReport()
        switch try Fork.fork() {
        case .parent(let supervisor):
            do throws(OperationError) {
                try report.receive()
            } catch {
                // Killed during set-up it has left what nobody would ask for.
                FaultPoint.disarm()
                reap(supervisor)
                waitForSupervisor(of: plan.definition.id)
                try? reclaim(plan.definition.id)
                throw error
            }
            return .detached(plan.definition.id)
        case .child:
            superviseDetached(plan, report)
            exit(0)
        }
    }

    private func superviseDetached(_ plan: ContainerPlan, _ report: SupervisorReport) {
        setsid()
        SupervisorSignals.ignore()
        do throws(OperationError) {
            let signals = try SignalDescriptor(ForwardedSignals.all)
            let restarts = try Restarts(plan.definition.restart)
            try InheritedDescriptors.redirectStandardStreams()
            let run = try ContainerRun(self, plan)
            let exit = try round(run, restarts, signals: signals, isForeground: false) {
                report.succeed()
                // Nothing of the caller's directory is kept busy.
                chdir("/")
            }
            guard restarts.follow(exit) else {
                run.finish()
                return
            }
            run.rest()
            repeatRounds(run, restarts)
        } catch {
            report.fail(error)
        }
    }

    /// Goes on with a container that rests, until its policy or somebody ends it.
    private func repeatRounds(_ run: ContainerRun, _ restarts: Restarts) {
        while restarts.wait() {
            let exit: ContainerExit
            do throws(OperationError) {
                let signals = try SignalDescriptor(ForwardedSignals.all)
                exit = try round(run, restarts, signals: signals, isForeground: false)
            } catch {
                // `start` has cleared up, and the reason is on record.
                return
            }
            guard restarts.follow(exit) else { break }
            run.rest()
        }
        run.finish()
    }

    /// Lets the container's program begin, and looks after it until it has ended.
    private func round(
        _ run: ContainerRun, _ restarts: Restarts, signals: consuming SignalDescriptor, isForeground: Bool,
        hasBegun: () -> Void = {}
    ) throws(OperationError) -> ContainerExit {
        let definition = run.definition
        let streams = try RunStreams(
            terminal: definition.terminal, input: definition.openStdin, isDetached: !isForeground,
            owner: run.user)
        let container = try run.start(streams)
        hasBegun()
        // Whoever ends it from now on finds the process on record; who did so before may not have.
        if restarts.areEnded { try? container.child.process.send(SIGKILL) }
        return run.end(
            supervise(consume container, streams, run, restarts, signals: signals, isForeground: isForeground))
    }

    /// Carries the streams and signals until the container has ended.
    private func supervise(
        _ container: consuming StartedContainer, _ streams: RunStreams, _ run: ContainerRun, _ restarts: Restarts,
        signals: consuming SignalDescriptor, isForeground: Bool
    ) -> ChildEnd {
        let forwarding = SignalForwarder(to: container.child.pid)
        let relay = StreamRelay(signals: signals, givesMemoryBack: !isForeground) {
            restarts.note($0)
            forwarding.forward($0)
        }
        var raw: RawTerminal?
        if let master = container.terminal.take() {
            raw = connect(relay, master, run, forwarding, isForeground: isForeground)
        }
        if let output = streams.takeOutput() {
            relay.addOutput(from: output, to: isForeground ? 1 : -1) { run.record(.stdout, $0) }
        }
        if let error = streams.takeError() {
            relay.addOutput(from: error, to: isForeground ? 2 : -1) { run.record(.stderr, $0) }
        }
        let heldInput = isForeground ? nil : streams.takeInput()
        if let input = streams.takeInput() { relay.setInput(from: 0, to: input, isTerminal: false) }
        let unheard = UnheardContainer(container.child.pid, run.definition)
        relay.whenUnheard = {
            restarts.note(SIGTERM)
            return unheard.end()
        }
        relay.run(until: container.child.process)
        (run.lostOutput, run.wasUnheard) = (relay.lostOutput, unheard.wasEnded)
        if raw != nil { raw = nil }
        _ = heldInput.number
        container.child.disown()
        return reap(container.child.pid)
    }

    /// Joins the caller's terminal, if it has one, to the container's.
    private func connect(
        _ relay: StreamRelay, _ master: consuming Descriptor, _ run: ContainerRun, _ forwarding: SignalForwarder,
        isForeground: Bool
    ) -> RawTerminal? {
        var raw: RawTerminal?
        if isForeground, run.readsInput, let copy = try? master.duplicate() {
            raw = RawTerminal(0)
            relay.setInput(from: 0, to: copy, isTerminal: true)
        }
        forwarding.resizes = try? master.duplicate()
        relay.addOutput(from: master, to: isForeground ? 1 : -1) { run.record(.stdout, $0) }
        return raw
    }
}

/// Passes the signals of a supervisor on to the container's first process.
final class SignalForwarder {
    private let pid: Int32
    /// The terminal that follows the size of the caller's.
    var resizes: Descriptor?

    init(to pid: Int32) { self.pid = pid }

    func forward(_ number: Int32) {
        if number == SIGWINCH, resizes.number >= 0 {
            resize()
        } else {
            // Not reaped yet, so the number is still this process's.
            kill(pid, number)
        }
    }

    private func resize() {
        guard let size = Terminal.callersSize, let copy = resizes.take() else { return }
        Terminal.setSize(size, of: copy)
        resizes = Optional(copy)
    }
}

enum SupervisorSignals {
    /// A reader that went away, or a log that reached a limit on file sizes, ends a write and not us.
    static func ignore() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}

enum ForwardedSignals {
    /// All but those that cannot be caught, that report faults of our own, or that only concern a parent,
    /// a pipe or a terminal of ours.
    static let all: [Int32] = (1...64).filter { !own.contains($0) }
    private static let own: Set<Int32> = [
        SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGXFSZ, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS,
        SIGTTIN,
        SIGTTOU, 32, 33,
    ]
}
