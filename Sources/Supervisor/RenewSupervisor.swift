import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// What the start of a container leaves in a process's memory is more than half of it, and of no use afterwards: small things everywhere that
/// the language has found out about types, and what was read. So a supervisor in the background begins anew in its process once its
/// container has run for a second: it is the same process, with the same descriptors, and has 200 KiB less.
package enum Renewal {
    /// Milliseconds for which a program has to run: most containers of scripts have ended by then.
    static let age: Int64 = 1000
    /// Milliseconds until it is tried again, where something was being done.
    static let pause: Int64 = 10_000
    /// The first word of the new beginning, which no command has.
    static let word = "__supervise"

    package static func isMeant(by words: [String]) -> Bool { words.dropFirst().first == word }
}

extension Supervisor {
    /// Whether this process is one that may live for long, and that can go on elsewhere than here. It does so once: later the program and its
    /// libraries may be others.
    var mayBeginAnew: Bool {
        caller == nil && !isRenewed && run.forwarder == nil && Reexecution.isPossible && !FaultPoint.areArmed
    }

    /// - Returns: when it could not.
    func beginAnew(_ handover: SupervisorHandover) {
        let state = Array(handover.json.compact.utf8)
        // From the execve on, what cannot be read would be the container's end.
        guard (try? SupervisorHandover(RecordReader(JSON(parsing: state)))) != nil else { return }
        Reexecution.begin(Renewal.word, state, titled: run.title, keeping: handover.descriptors)
    }
}

extension Host {
    /// Goes on as the supervisor that this process was before it began anew, until its container has ended.
    /// - Parameter words: those that the process was begun with.
    /// - Returns: false when it was no supervisor.
    package func goOnSupervising(_ words: [String]) -> Bool {
        guard let state = Reexecution.state(Renewal.word, in: words),
            let handover = try? SupervisorHandover(RecordReader(JSON(parsing: state.bytes)))
        else { return false }
        ProcessTitle.set(state.title)
        InheritedDescriptors.close(except: handover.descriptors)
        SupervisorSignals.ignore()
        Interruption.areHeeded = false
        do throws(OperationError) {
            let supervisor = try Supervisor(self, goingOnWith: handover)
            supervisor.lookAfter(supervisor.goOn(with: handover))
        } catch {
            warn(error.description)
        }
        return true
    }
}

extension Supervisor {
    convenience init(_ host: Host, goingOnWith handover: SupervisorHandover) throws(OperationError) {
        let restarts: Restarts
        do throws(RecordError) {
            restarts = try Restarts(RecordReader(handover.restarts))
        } catch {
            throw OperationError("go on supervising", reason: error.description)
        }
        self.init(
            host, try ContainerRun(host, goingOnWith: handover.run), restarts, for: nil,
            try SignalSource(ForwardedSignals.all), passesSignals: handover.passesSignals, awaitsClient: false,
            isRenewed: true)
        control.listen(by: Descriptor(owning: handover.control))
    }

    /// The rest of a round whose program runs.
    func goOn(with handover: SupervisorHandover) -> FinishedRound {
        if let check = handover.check { health?.goOn(check.health, since: check.start, next: check.next) }
        let container = StartedContainer(
            child: LaunchedChild(
                running: handover.pid, ProcessDescriptor(owning: Descriptor(owning: handover.process))),
            terminal: handover.terminal.map { Descriptor(owning: $0) },
            streams: RunStreams(
                output: handover.output.map { Descriptor(owning: $0) },
                error: handover.error.map { Descriptor(owning: $0) },
                input: handover.input.map { Descriptor(owning: $0) }))
        return watch(Round(self, of: handover.pid, until: handover.limit), container)
    }
}
