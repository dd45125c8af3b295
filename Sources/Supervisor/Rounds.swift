import Containers
import Core
import Glibc
import Lifecycle
import Linux

extension Host {
    /// This process supervises the container and ends with its first round.
    /// - Parameter passesSignals: to the program; otherwise they have no effect.
    /// - Parameter collect: is called when the program has ended, with its exit code, while its files are still there.
    /// - Returns: the exit code.
    package func runHere(
        _ plan: ContainerPlan, for caller: CallerStreams, passesSignals: Bool,
        collecting collect: (Int32) throws(OperationError) -> Void = { _ in }
    ) throws(OperationError) -> Int32 {
        // Blocked from here on: a signal during set-up reaches the program once that runs.
        let signals = try SignalSource(ForwardedSignals.all)
        SupervisorSignals.ignore()
        if plan.definition.terminal, plan.definition.openStdin, caller.input >= 0, !Terminal.isTerminal(caller.input) {
            warn("standard input is not a terminal; the container has one all the same")
        }
        let offer = try networkOffer(plan)
        let guardian = try guardian(of: plan.definition.id) { offer?.fulfil() }
        let supervisor = try Supervisor(self, plan, offer, for: caller, signals, passesSignals: passesSignals)
        let round = try supervisor.round()
        var failure: OperationError?
        do throws(OperationError) { try collect(round.exit.exitCode) } catch { failure = error }
        if round.exit.oomKilled { warn(outOfMemory(supervisor.run.currentDefinition, round.exit)) }
        if supervisor.follows(round.exit) {
            // As in Docker: the caller gets the first exit code, and the container goes on in the background.
            do throws(OperationError) {
                try moveToBackground(supervisor, after: round)
            } catch {
                if supervisor.finish(after: round.exit) { guardian.dismiss() }
                throw error
            }
            guardian.dismiss()
        } else if supervisor.finish(after: round.exit) {
            guardian.dismiss(supervisor.run.removed)
        }
        // What is left of the output goes to the caller when nothing is left of the container: however slowly that is
        // read, nobody else waits for it.
        round.relay.deliver(until: signals, beside: [supervisor.control, supervisor.audience])
        supervisor.deliverToAudience()
        if let failure { throw failure }
        return exitCode(round.exit.exitCode, lost: round.relay.lostOutput, wasEnded: round.wasUnheard)
    }

    private func outOfMemory(_ definition: ContainerDefinition, _ exit: ContainerExit) -> String {
        let limit =
            definition.limits.memory.map { "its limit is \(ByteCount.text($0))" } ?? "this host ran out of memory"
        let peak = exit.memoryPeak.map { ", it used up to \(ByteCount.text($0))" } ?? ""
        return "container \"\(definition.name)\" ran out of memory: \(limit)\(peak); "
            + (definition.limits.memory == nil ? "free some, or limit it with --memory" : "raise it with --memory")
    }

    private func moveToBackground(_ supervisor: Supervisor, after round: FinishedRound) throws(OperationError) {
        let report = try SupervisorReport()
        switch try Fork.fork() {
        case .parent(let copy):
            try report.receive()
            // Whoever read the record before it named the new supervisor has told the old one.
            if supervisor.isEnded { Glibc.kill(copy, Self.endOfRestarts) }
            supervisor.letGo()
        case .child:
            round.relay.close()
            // A supervisor that kept the caller's descriptors would keep the caller's pipes open.
            InheritedDescriptors.closeLate()
            try? supervisor.moveToBackground()
            supervisor.repeatRounds(after: round.exit, hasRested: report.succeed)
            exit(0)
        }
    }

    /// A copy of this process supervises the container; this one ends once the program has been exec'd.
    /// - Parameter awaitsClient: somebody attaches at once, who is to miss nothing.
    package func runDetached(
        _ plan: ContainerPlan, awaitsClient: Bool = false
    ) throws(OperationError) -> ContainerID {
        let report = try SupervisorReport()
        let offer = try networkOffer(plan)
        switch try Fork.fork() {
        case .parent(let supervisor):
            plan.letGo()
            offer?.fulfil()
            do throws(OperationError) {
                try report.receive()
            } catch {
                // Killed during set-up it has left what nobody would ask for.
                FaultPoint.disarm()
                reap(supervisor)
                try? reclaim(plan.definition.id)
                throw error
            }
            return plan.definition.id
        case .child:
            superviseDetached(plan, report, offer, awaitsClient: awaitsClient)
            exit(0)
        }
    }

    /// The other one of two processes makes the first round's network namespace while the supervisor writes its records.
    private func networkOffer(_ plan: ContainerPlan) throws(OperationError) -> NetworkNamespaceOffer? {
        plan.definition.networkMode.hasOwnNamespace ? try NetworkNamespaceOffer(RootFilesystem.networkSettings) : nil
    }

    private func superviseDetached(
        _ plan: ContainerPlan, _ report: SupervisorReport, _ offer: NetworkNamespaceOffer?, awaitsClient: Bool
    ) {
        setsid()
        SupervisorSignals.ignore()
        do throws(OperationError) {
            let signals = try SignalSource(ForwardedSignals.all)
            // The caller hears what there is to warn of until the command ends.
            try InheritedDescriptors.redirectStandardStreams(keepingError: true)
            let supervisor = try Supervisor(self, plan, offer, for: nil, signals, awaitsClient: awaitsClient)
            let round = try supervisor.round {
                InheritedDescriptors.redirectStandardError()
                report.succeed()
                // Nothing of the caller's directory is kept busy.
                chdir("/")
            }
            supervisor.lookAfter(round)
        } catch {
            report.fail(error)
        }
    }
}
