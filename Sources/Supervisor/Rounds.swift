import Containers
import Core
import Glibc
import Lifecycle
import Linux

extension Host {
    /// This process supervises the container and ends with it.
    /// - Parameter passesSignals: to the program; otherwise they have no effect.
    /// - Returns: the exit code.
    package func runHere(_ plan: ContainerPlan, passesSignals: Bool) throws(OperationError) -> Int32 {
        // Blocked from here on: a signal during set-up reaches the program once that runs.
        let signals = try SignalDescriptor(ForwardedSignals.all)
        SupervisorSignals.ignore()
        if plan.definition.terminal, plan.definition.openStdin, !Terminal.isTerminal(0) {
            warn("standard input is not a terminal; the container has one all the same")
        }
        let id = plan.definition.id
        let guardian = try Guardian {
            // A dying process closes one file after the other: the container's lock may be free a moment later.
            try? waitForSupervisor(of: id)
            try? reclaim(id)
        }
        let restarts = try Restarts(plan.definition)
        let run = try ContainerRun(self, plan)
        let round = try round(
            run, restarts, signals: signals, isForeground: true, passesSignals: passesSignals)
        if round.exit.oomKilled { warn(outOfMemory(run.currentDefinition, round.exit)) }
        guard restarts.follow(round.exit, by: run.restart) else {
            if run.finish() { guardian.dismiss() }
            run.letGo()
            return deliver(round)
        }
        // As in Docker: the caller gets the first exit code, and the container goes on in the background.
        do throws(OperationError) {
            try moveToBackground(run, restarts, after: round)
        } catch {
            if run.finish() { guardian.dismiss() }
            throw error
        }
        guardian.dismiss()
        return deliver(round)
    }

    /// What is left of the output goes to the caller when nothing is left of the container: however slowly that is read,
    /// nobody else waits for it.
    private func deliver(_ round: FinishedRound) -> Int32 {
        round.relay.deliver()
        return exitCode(round.exit.exitCode, lost: round.relay.lostOutput, wasEnded: round.wasUnheard)
    }

    private func outOfMemory(_ definition: ContainerDefinition, _ exit: ContainerExit) -> String {
        let limit =
            definition.limits.memory.map { "its limit is \(ByteCount.text($0))" } ?? "this host ran out of memory"
        let peak = exit.memoryPeak.map { ", it used up to \(ByteCount.text($0))" } ?? ""
        return "container \"\(definition.name)\" ran out of memory: \(limit)\(peak); "
            + (definition.limits.memory == nil ? "free some, or limit it with --memory" : "raise it with --memory")
    }

    private func moveToBackground(
        _ run: ContainerRun, _ restarts: Restarts, after round: FinishedRound
    ) throws(OperationError) {
        let report = try SupervisorReport()
        switch try Fork.fork() {
        case .parent(let supervisor):
            try report.receive()
            // Whoever read the record before it named the new supervisor has told the old one.
            if restarts.areEnded { Glibc.kill(supervisor, Self.endOfRestarts) }
            run.letGo()
        case .child:
            setsid()
            round.relay.close()
            // A supervisor that kept the caller's descriptors would keep the caller's pipes open.
            InheritedDescriptors.closeLate()
            try? InheritedDescriptors.redirectStandardStreams()
            chdir("/")
            run.rest()
            report.succeed()
            repeatRounds(run, restarts)
            exit(0)
        }
    }

    /// A copy of this process supervises the container; this one ends once the program has been exec'd.
    package func runDetached(_ plan: ContainerPlan) throws(OperationError) -> ContainerID {
        let report = try SupervisorReport()
        switch try Fork.fork() {
        case .parent(let supervisor):
            do throws(OperationError) {
                try report.receive()
            } catch {
                // Killed during set-up it has left what nobody would ask for.
                FaultPoint.disarm()
                reap(supervisor)
                try? waitForSupervisor(of: plan.definition.id)
                try? reclaim(plan.definition.id)
                throw error
            }
            return plan.definition.id
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
            let restarts = try Restarts(plan.definition)
            try InheritedDescriptors.redirectStandardStreams()
            let run = try ContainerRun(self, plan)
            let exit = try round(run, restarts, signals: signals, isForeground: false) {
                report.succeed()
                // Nothing of the caller's directory is kept busy.
                chdir("/")
            }.exit
            guard restarts.follow(exit, by: run.restart) else {
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
        // It may have got another policy while it rested.
        while restarts.wait(), run.restart.name != .never {
            do throws(OperationError) {
                let signals = try SignalDescriptor(ForwardedSignals.all)
                let exit = try round(run, restarts, signals: signals, isForeground: false).exit
                guard restarts.follow(exit, by: run.restart) else { break }
            } catch {
                return run.abandon(error)
            }
            run.rest()
        }
        run.finish()
    }

    /// Lets the container's program begin, and looks after it until it has ended.
    private func round(
        _ run: ContainerRun, _ restarts: Restarts, signals: consuming SignalDescriptor, isForeground: Bool,
        passesSignals: Bool = true, hasBegun: () -> Void = {}
    ) throws(OperationError) -> FinishedRound {
        let definition = run.definition
        let streams: RunStreams
        let container: StartedContainer
        do throws(OperationError) {
            streams = try RunStreams(
                terminal: definition.terminal, input: definition.openStdin, isDetached: !isForeground,
                owner: run.user)
            container = try run.start(streams)
        } catch {
            // It may be one descriptor too many that has failed.
            signals.close()
            run.abandon(error)
            throw error
        }
        hasBegun()
        // Whoever ends it from now on finds the process on record; who did so before may not have.
        if run.definition.restart.name != .never, restarts.areEnded { try? container.child.process.send(SIGKILL) }
        let relay = StreamRelay(signals: signals, givesMemoryBack: !isForeground)
        let supervision = Supervisor(
            relay, run, restarts, of: container.child.pid, isForeground: isForeground, passesSignals: passesSignals)
        let end = supervision.watch(consume container, streams)
        return FinishedRound(exit: run.end(end), relay: relay, wasUnheard: supervision.wasUnheard)
    }
}

/// A round whose program has ended.
struct FinishedRound {
    let exit: ContainerExit
    /// Has what is still to be delivered of its output.
    let relay: StreamRelay
    /// It was ended because nobody read its output.
    let wasUnheard: Bool
}
