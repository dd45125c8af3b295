import Core
import Glibc
import Linux

/// What a verb does with a request, and with the descriptors that came with it.
package typealias ControlHandler = (ControlRequest, PassedDescriptors) throws(OperationError) -> ControlOutcome

package enum ControlOutcome {
    /// The members of the answer, after which the connection is closed.
    case done(JSON)
    /// The connection stays.
    case session(any ControlSession)
    /// The answer comes later.
    case later(PendingRequest)
}

/// A client that stays connected.
package protocol ControlSession: AnyObject {
    /// It has been answered, and may be told more from now on.
    func begin(_ connection: ControlConnection)
    func receive(_ request: ControlRequest)
    /// It has gone, or is to go.
    func end()
}

/// A client that waits for its answer.
package final class PendingRequest: ControlSession {
    private var connection: ControlConnection?
    /// It does not wait any more.
    private(set) var isGone = false

    package init() {}

    package func begin(_ connection: ControlConnection) { self.connection = connection }
    package func receive(_ request: ControlRequest) {}
    package func end() {
        isGone = true
        connection = nil
    }

    package func answer(_ reply: ControlReply) {
        let connection = connection
        connection?.send(reply.packet)
        connection?.close()
    }
}

/// The part of a supervisor that answers requests, at a socket in the container's runtime directory.
///
/// Nobody can hold it up: nothing here waits, packets and connections are counted, and a client that says nothing has to go
/// when its time is over, or when another one wants its place.
package final class ControlServer: EventSource {
    package struct Limits: Sendable {
        /// Clients that have said nothing yet.
        package var silent = 16
        package var sessions = 64
        /// Until a client has to have said what it wants.
        package var patience = 5000
        /// Clients that are looked after before others get their turn.
        package var batch = 16
        package init() {}
    }

    private let limits: Limits
    private let mayConnect: (uid_t) -> Bool
    private var verbs: [String: ControlHandler] = [:]
    private var listener: Descriptor?
    private var connections: [ControlConnection] = []
    /// There was no descriptor for one more client; until then nobody is let in.
    private var pause: Deadline?

    package init(
        limits: Limits = Limits(), mayConnect: @escaping (uid_t) -> Bool = { $0 == 0 || $0 == geteuid() }
    ) {
        self.limits = limits
        self.mayConnect = mayConnect
    }

    package func on(_ verb: String, _ handler: @escaping ControlHandler) { verbs[verb] = handler }

    /// Once it listens it goes on to.
    package func listen(at path: String) throws(OperationError) {
        guard listener == nil else { return }
        listener = try LocalSocket.listen(at: path, backlog: 64)
    }

    /// Nobody else is let in, and only sessions stay.
    package func stopListening() {
        listener = nil
        for connection in connections where connection.session == nil { connection.close() }
        connections.removeAll(where: \.isClosed)
    }

    /// Lets go of all clients, without a word to their sessions: they may be another process's.
    package func close() {
        listener = nil
        for connection in connections { connection.letGo() }
        connections = []
    }

    // MARK: Part of an event loop

    package var deadline: Deadline? {
        // They come in the order of their deadlines.
        let late = connections.first { $0.session == nil }?.deadline
        guard let pause else { return late }
        return late.map { min($0, pause) } ?? pause
    }

    package func watch(_ requests: inout [pollfd]) {
        let isOpen = pause == nil
        requests.append(pollfd(fd: isOpen ? listener.number : -1, events: Int16(POLLIN), revents: 0))
        for connection in connections { requests.append(connection.request) }
    }

    package func advance(_ events: ArraySlice<pollfd>) {
        if pause?.millisecondsLeft == 0 { pause = nil }
        for (connection, event) in zip(connections, events.dropFirst()) where event.revents != 0 { serve(connection) }
        for connection in connections where connection.session == nil && connection.deadline.millisecondsLeft == 0 {
            connection.close()
        }
        if events.first?.revents != 0 { accept() }
        connections.removeAll(where: \.isClosed)
    }

    private func accept() {
        for _ in 0..<limits.batch {
            let accepted = LocalSocket.accept(listener.number)
            switch consume accepted {
            case .none: return
            case .gone: continue
            case .exhausted:
                // One of those that only sit there may have what is missing.
                if !closeOldest() { pause = Deadline(milliseconds: 1000) }
                return
            case .connection(let descriptor): admit(descriptor)
            }
        }
    }

    private func admit(_ descriptor: consuming Descriptor) {
        guard let uid = LocalSocket.peer(of: descriptor.number), mayConnect(uid) else { return }
        let connection = ControlConnection(descriptor, patience: limits.patience)
        // Most have said what they want by now.
        serve(connection)
        if connection.isClosed { return }
        connections.append(connection)
        if connections.count(where: { $0.session == nil && !$0.isClosed }) > limits.silent { _ = closeOldest() }
    }

    private func closeOldest() -> Bool {
        let oldest = connections.first { $0.session == nil && !$0.isClosed }
        oldest?.close()
        return oldest != nil
    }

    // MARK: Requests

    private func serve(_ connection: ControlConnection) {
        switch connection.receive() {
        case .nothing: return
        case .end: connection.close()
        case .tooLong:
            let error = OperationError(
                "read request to the supervisor", reason: "it is longer than \(ControlMessage.longest) bytes",
                kind: .invalid)
            refuse(connection, error)
        case .packet(let bytes, let passed):
            do throws(OperationError) {
                try handle(try ControlRequest(parsing: bytes), passed, connection)
            } catch {
                refuse(connection, error)
            }
        }
    }

    private func handle(
        _ request: ControlRequest, _ passed: PassedDescriptors, _ connection: ControlConnection
    ) throws(OperationError) {
        if let session = connection.session { return session.receive(request) }
        guard let handler = verbs[request.verb] else { throw unknown(request.verb) }
        switch try handler(request, passed) {
        case .done(let result):
            connection.send(ControlReply.result(result).packet)
            connection.close()
        case .session(let session):
            try checkRoom(for: request.verb)
            connection.send(ControlReply.result([:]).packet)
            connection.stay(session)
        case .later(let pending):
            do throws(OperationError) {
                try checkRoom(for: request.verb)
            } catch {
                pending.end()
                throw error
            }
            connection.stay(pending)
        }
    }

    private func checkRoom(for verb: String) throws(OperationError) {
        guard connections.count(where: { $0.session != nil }) < limits.sessions else {
            throw OperationError(
                verb, reason: "\(limits.sessions) clients are connected to the container already",
                remedy: "end one of them, then try again", kind: .exhausted)
        }
    }

    private func unknown(_ verb: String) -> OperationError {
        OperationError(
            "\(verb) container", reason: "its supervisor is of an older mydocker that cannot do it",
            remedy: "stop the container, then start it with this mydocker", kind: .unsupported)
    }

    private func refuse(_ connection: ControlConnection, _ error: OperationError) {
        connection.send(ControlReply.failure(error).packet)
        connection.close()
    }
}

/// One client of a supervisor.
package final class ControlConnection {
    private var descriptor: Descriptor?
    private(set) var session: (any ControlSession)?
    /// When it has to have said something.
    let deadline: Deadline

    init(_ descriptor: consuming Descriptor, patience: Int) {
        self.descriptor = Optional(descriptor)
        deadline = Deadline(milliseconds: Int64(patience))
    }

    var isClosed: Bool { descriptor == nil }
    var request: pollfd { pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0) }

    func receive() -> LocalSocket.Received {
        LocalSocket.receive(descriptor.number, limit: ControlMessage.longest)
    }

    func stay(_ session: any ControlSession) {
        self.session = session
        session.begin(self)
    }

    /// One that does not read what it is told has to go.
    package func send(_ packet: [UInt8]) {
        if !isClosed, LocalSocket.send(packet, to: descriptor.number) != 0 { close() }
    }

    /// The client is another process's from now on.
    func letGo() {
        descriptor = nil
        session = nil
    }

    package func close() {
        guard !isClosed else { return }
        descriptor = nil
        session?.end()
        session = nil
    }
}
