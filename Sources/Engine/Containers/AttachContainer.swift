import Containers
import Core
import Lifecycle
import Linux
import Records
import Supervisor

/// What `attach` was asked to do.
package struct AttachRequest: Sendable {
    package var container: String
    /// Where its input comes from and its output goes to.
    package var streams = CallerStreams.standard
    package var sendsInput = true
    /// Signals to the command go to the program.
    package var passesSignals = true
    package var detachKeys = DetachKeys.standard

    package init(container: String) { self.container = container }

    /// - Parameter text: as the user writes them: `ctrl-p,ctrl-q`.
    package mutating func setDetachKeys(_ text: String) throws(OperationError) {
        detachKeys = try DetachKeys(parsing: text)
    }
}

extension Engine {
    /// Shows what a running container writes from now on, and lets it read the caller's input.
    /// - Returns: the container's exit code, or 0 when the caller has left before that.
    package func attach(_ request: AttachRequest) throws(OperationError) -> Int32 {
        let id = try containerStore.find(request.container)
        return try attend(id, try attachable(id, request.container), request)
    }

    /// The same of one that is there for certain.
    func attend(
        _ id: ContainerID, _ definition: ContainerDefinition, _ request: AttachRequest
    ) throws(OperationError) -> Int32 {
        let exitCode = PublishedExitCode(self, id)
        let readsInput = request.sendsInput && definition.openStdin
        try RunStreams.checkInput(of: request.streams, isWanted: readsInput)
        // As in Docker: at a terminal it is the keys that make signals, inside.
        let passesSignals = request.passesSignals && !definition.terminal
        let signals = try SignalSource(passesSignals ? ForwardedSignals.all : ForwardedSignals.ofClient)
        SupervisorSignals.ignore()
        let caller = request.streams
        if definition.terminal, readsInput, !Terminal.isTerminal(caller.input) {
            warn("standard input is not a terminal; the container has one all the same")
        }
        let attachment = try Attachment(
            host, id, input: readsInput, size: definition.terminal ? caller.terminalSize : nil)
        host.announce(.of(definition, "attach"))
        let client = AttachedCaller(attachment, caller, signals) { [host] signal in
            guard let pid = (try? host.running(id))?.state.pid else { return false }
            return SignalDisposition(of: pid).mayReceive(signal)
        }
        let end = client.run(
            readsInput: readsInput, isTerminal: definition.terminal, passesSignals: passesSignals, request.detachKeys)
        switch end {
        case .detached: return 0
        case .signal(let number): return 128 + number
        case .unheard(let lost): return host.exitCode(0, lost: lost, wasEnded: true)
        case .container(.ended(let code)): return code
        case .container(.lost): return try exitCode.wait()
        case .container(.fellBehind): throw fellBehind(definition, request.container)
        }
    }

    private func attachable(_ id: ContainerID, _ name: String) throws(OperationError) -> ContainerDefinition {
        guard let definition = try containerStore.definition(id) else {
            throw OperationError.noContainer(name)
        }
        guard let running = try host.running(id), !Freezer.isPaused(running.state.cgroups) else {
            throw try host.refusal(of: .attach, id, name)
        }
        return definition
    }

    private func fellBehind(_ definition: ContainerDefinition, _ name: String) -> OperationError {
        OperationError(
            "attach to container", name, reason: "its output came faster than it was read here",
            remedy: definition.log.isKept ? "read all of it with: \(Program.current.name) logs \(name)" : nil,
            kind: .timedOut)
    }
}
