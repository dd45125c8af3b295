import Core
import Glibc
import Linux

/// Sends every line of a container's output to whoever gets it beside the log.
///
/// It never waits while the program runs: lines that the other end does not take yet stay in a backlog of limited size. What
/// has no room there is lost, and counted; the container goes on. An end that has gone is looked for again once a second.
package final class LogForwarder: EventSource {
    private let form: LogForm
    private let peers: [MessagePeer]
    private var connection: MessageSocket?
    private var backlog = MessageBacklog()
    /// How much of the first message in the backlog has gone into a stream.
    private var sentCount = 0
    /// No connection is tried before.
    private var nextAttempt: Deadline?
    /// Lines that were lost.
    package private(set) var droppedLines = 0

    /// Connects, and waits at most ten seconds for that.
    /// - Parameter host: this one's name.
    package convenience init(
        _ receiver: LogReceiver, of definition: ContainerDefinition, host: String
    ) throws(OperationError) {
        do throws(OperationError) {
            try self.init(LogForm(receiver, definition, host: host), to: receiver.peers)
        } catch {
            throw Self.refusal(error, receiver)
        }
    }

    init(_ form: LogForm, to peers: [MessagePeer]) throws(OperationError) {
        self.form = form
        self.peers = peers
        let socket = try Self.connect(to: peers)
        try socket.awaitConnection(milliseconds: 10_000)
        connection = consume socket
    }

    private static func refusal(_ error: OperationError, _ receiver: LogReceiver) -> OperationError {
        let place = receiver.peers[0].description
        let remedy =
            switch receiver {
            case .syslog where error.errno == EPROTOTYPE:
                "another kind of socket is there: use \(receiver.peers[0].isStream ? "unixgram" : "unix")://"
            case .journald: "use --log-driver journald where systemd-journald runs, or none of it"
            case .syslog: "let a syslog server listen there, or name another one with --log-opt syslog-address"
            }
        return OperationError(
            "failed to initialize logging driver: connect to", place, errno: error.errno ?? EIO, remedy: remedy)
    }

    func send(_ text: UnsafeRawBufferPointer, _ stream: LogStream, isPart: Bool) {
        let bare = text.last == LogFormat.newline ? UnsafeRawBufferPointer(rebasing: text.dropLast()) : text
        let line = OutputLine(text: bare, stream: stream, isPart: isPart, time: .now())
        guard let message = form.message(line) else { return }
        if backlog.append(message) { drain() } else { droppedLines += 1 }
    }

    /// No more lines come. What waits still has another second.
    package func finish() {
        let end = Deadline(milliseconds: 1000)
        while !backlog.isEmpty, end.millisecondsLeft > 0 {
            var requests: [pollfd] = []
            watch(&requests)
            let limit = end.millisecondsLeft
            Polling.wait(for: &requests, milliseconds: min(limit, deadline?.millisecondsLeft ?? limit))
            drain()
        }
        droppedLines += backlog.count
        backlog = MessageBacklog()
    }

    // MARK: Part of an event loop

    package var deadline: Deadline? { connection == nil && !backlog.isEmpty ? nextAttempt : nil }

    package func watch(_ requests: inout [pollfd]) {
        guard !backlog.isEmpty else { return }
        requests.append(pollfd(fd: number, events: Int16(POLLOUT), revents: 0))
    }

    package func advance(_ events: ArraySlice<pollfd>) { drain() }

    private var number: Int32 {
        switch connection {
        case .some(let socket): socket.descriptor.number
        case .none: -1
        }
    }
}

// MARK: - Sending

extension LogForwarder {
    /// Sends what can go now.
    private func drain() {
        while let message = backlog.first, isConnected() {
            switch send(message) {
            case .gone, .lost: removeFirst()
            case .part(let count): sentCount += count
            case .later: return
            case .broken: disconnect()
            }
        }
    }

    private func removeFirst() {
        backlog.removeFirst()
        sentCount = 0
    }

    private func disconnect() {
        connection = nil
        // A new one gets the message from its beginning.
        sentCount = 0
    }

    private func isConnected() -> Bool {
        if connection != nil { return true }
        if let nextAttempt, nextAttempt.millisecondsLeft > 0 { return false }
        nextAttempt = Deadline(milliseconds: 1000)
        connection = try? Self.connect(to: peers)
        return connection != nil
    }

    private static func connect(to peers: [MessagePeer]) throws(OperationError) -> MessageSocket {
        for peer in peers.dropLast() {
            do throws(OperationError) {
                return try MessageSocket.connect(to: peer)
            } catch {
                // The socket of another kind is the next one's.
                guard error.errno == EPROTOTYPE else { throw error }
            }
        }
        return try MessageSocket.connect(to: peers[peers.count - 1])
    }

    private enum Outcome {
        case gone, later, broken, lost
        case part(Int)
    }

    private func send(_ message: [UInt8]) -> Outcome {
        guard let peer = connection?.peer, (try? FaultPoint.pass("send log", peer.description)) != nil else {
            droppedLines += 1
            return .lost
        }
        let bytes = peer.isStream ? message + [LogFormat.newline] : message
        let result = connection?.send(bytes[sentCount...]) ?? -EPIPE
        if result >= 0 {
            return !peer.isStream || sentCount + Int(result) == bytes.count ? .gone : .part(Int(result))
        }
        switch -result {
        case EAGAIN: return .later
        case EMSGSIZE: return sendLarge(message)
        // Of what went before: nothing says that this one is lost.
        case ECONNREFUSED where peer.isInternet && !peer.isStream: return outcome(connection?.send(bytes[...]))
        default: return .broken
        }
    }

    /// One that is too large for a message of the socket's.
    private func sendLarge(_ message: [UInt8]) -> Outcome {
        guard !form.isCut else {
            let halves = sequence(first: message.count / 2) { $0 / 2 }.prefix { $0 >= LogForm.leastLength }
            for length in halves where connection?.send(message[..<length]) != -EMSGSIZE { return .gone }
            return outcome(-EMSGSIZE)
        }
        return outcome(connection?.sendSealed(message))
    }

    private func outcome(_ result: Int32?) -> Outcome {
        switch result ?? -EPIPE {
        case 0...: return .gone
        case -EAGAIN: return .later
        case -ECONNREFUSED, -EPIPE: return .broken
        default:
            droppedLines += 1
            return .lost
        }
    }
}
