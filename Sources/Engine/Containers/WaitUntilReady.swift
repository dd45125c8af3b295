import Containers
import Core
import Glibc
import Lifecycle
import Linux
import Records

extension Engine {
    /// Waits until a container is what somebody wants it to be. It is asked for by looking: nothing connects to the service.
    /// - Parameter deadline: nil waits for ever.
    /// - Returns: the exit code, where its end was waited for.
    /// - Throws: when its time is over, with exit code 124, or when it has ended before; the last lines of its log are on
    ///   standard error by then.
    @discardableResult
    package func wait(
        _ name: String, until condition: ReadyCondition, _ deadline: Deadline?
    ) throws(OperationError) -> Int32? {
        let id = try containerStore.find(name)
        guard let definition = try containerStore.definition(id) else { throw OperationError.noContainer(name) }
        if let obstacle = condition.obstacle(definition) { throw obstacle }
        let published = PublishedExitCode(self, id)
        var readiness = Readiness(host, definition, condition)
        while true {
            let current = try containerStore.definition(id) == nil ? nil : host.phase(of: definition)
            // Asked before looking: what it has written before its end is in the log by then.
            if try readiness.isGiven(current) { return condition == .exited ? try published.wait() : nil }
            if Self.isOver(current?.phase) {
                readiness.showLog()
                throw condition.ended(definition.name.text, code: try published.wait())
            }
            if deadline?.millisecondsLeft == 0 {
                readiness.showLog()
                throw condition.late(definition.name.text)
            }
            // A caller may have it blocked.
            try Interruption.check("wait for container", name)
            usleep(20_000)
        }
    }

    /// The same for a container that has just begun, and may be gone again.
    package func wait(
        started id: ContainerID, until condition: ReadyCondition, _ deadline: Deadline?
    ) throws(OperationError) {
        do throws(OperationError) {
            try wait(id.hex, until: condition, deadline)
        } catch {
            throw error.kind == .notFound ? condition.ended(id.short, code: nil) : error
        }
    }

    private static func isOver(_ phase: ContainerPhase?) -> Bool {
        switch phase {
        case .created, .starting, .running, .paused, .restarting: false
        case .exited, .lost, nil: true
        }
    }
}

extension ReadyCondition {
    fileprivate func ended(_ name: String, code: Int32?) -> OperationError {
        OperationError(
            "wait for container \"\(name)\"",
            reason: "it has ended\(code.map { " with exit code \($0)" } ?? "") before \(phrase)", kind: .notRunning)
    }

    fileprivate func late(_ name: String) -> OperationError {
        OperationError(
            "wait for container \"\(name)\"", reason: "the time was over before \(phrase)",
            remedy: "it was left as it is; give it more time by --ready-timeout", kind: .timedOut
        ).exiting(with: 124)
    }
}

/// What is known of a container that somebody waits for.
private struct Readiness: ~Copyable {
    private let host: Host
    private let definition: ContainerDefinition
    private let condition: ReadyCondition
    private var ending: LogEnding
    private var search: LogSearch?
    /// When the program has begun whose output is looked through.
    private var started: Timestamp?

    init(_ host: Host, _ definition: ContainerDefinition, _ condition: ReadyCondition) {
        self.host = host
        self.definition = definition
        self.condition = condition
        ending = LogEnding(of: host.layout.log(definition.id))
    }

    /// - Parameter phase: nil when it is gone.
    mutating func isGiven(
        _ current: (phase: ContainerPhase?, state: ContainerState?)?
    ) throws(OperationError) -> Bool {
        switch condition {
        case .running: return current?.phase?.word == "running"
        case .exited: return current?.phase?.isRunning != true && current?.phase?.word != "created"
        case .healthy:
            guard case .running = current?.phase else { return false }
            return try host.containerStore.health(definition.id)?.status == .healthy
        case .listening(let port): return current?.state?.listeningPorts.contains(port) ?? false
        case .written(let text): return try hasWritten(text, current?.state)
        }
    }

    private mutating func hasWritten(_ text: String, _ state: ContainerState?) throws(OperationError) -> Bool {
        // One that has ended may have written it all the same.
        let exit = state == nil ? try host.containerStore.exit(definition.id) : nil
        if let began = state?.started ?? exit?.started, began != started {
            started = began
            search = LogSearch(for: text.kernelBytes, in: host.layout.log(definition.id), since: began)
        }
        return try search?.find() ?? false
    }

    mutating func showLog() {
        do throws(OperationError) {
            let output = try Descriptor.standard(STDERR_FILENO)
            try FaultPoint.pass("write", "standard error")
            try Files.writeAll(Array(ending.text(lines: 10).utf8), to: output, named: "standard error")
        } catch {
            // Nobody reads it.
            return
        }
    }
}
