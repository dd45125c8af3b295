import Glibc
import Linux

/// Messages over one connection: each with its length before it (RFC 1035 4.2.2). One question is dealt with after the other.
final class NameConversation {
    private let connection: Descriptor
    private var stream = MessageStream()
    /// The answer to the question before is still to come.
    private var isBusy = false
    private(set) var hasEnded = false
    /// A silent one gives its place up.
    private(set) var deadline = Deadline(seconds: 10)

    init(_ connection: consuming Descriptor) { self.connection = connection }

    var request: pollfd {
        let events = stream.isSending ? POLLOUT : isBusy ? 0 : POLLIN
        return pollfd(fd: connection.number, events: Int16(events), revents: 0)
    }

    func advance(_ events: Int16) {
        if deadline.millisecondsLeft == 0 { hasEnded = true }
        guard events != 0, !hasEnded else { return }
        if isBusy, !stream.isSending {
            hasEnded = true
            return
        }
        hasEnded =
            !(stream.isSending
            ? stream.send(to: connection.number) : stream.receive(from: connection.number, limit: 4096))
    }

    /// The next question, once the one before it is answered: it may have come together with that one, and nothing else comes then.
    func next() -> [UInt8]? {
        guard !isBusy, !stream.isSending, let question = stream.next() else { return nil }
        isBusy = true
        deadline = Deadline(seconds: 10)
        return question
    }

    func send(_ message: [UInt8]) {
        isBusy = false
        stream.add(message)
        if !stream.send(to: connection.number) { hasEnded = true }
    }
}

/// What has come of a stream of messages, and what is to go.
struct MessageStream {
    private var received: [UInt8] = []
    private var unsent: ArraySlice<UInt8> = []

    var isSending: Bool { !unsent.isEmpty }

    mutating func add(_ message: [UInt8]) {
        unsent += [UInt8(message.count >> 8 & 0xff), UInt8(message.count & 0xff)] + message
    }

    /// - Returns: false when the connection is gone.
    mutating func send(to connection: Int32) -> Bool {
        guard let sent = UnblockedTransfer.send(unsent, to: connection) else { return false }
        unsent = unsent.dropFirst(sent)
        return true
    }

    /// - Parameter limit: of one message; a longer one ends the conversation.
    /// - Returns: false when no more will come.
    mutating func receive(from connection: Int32, limit: Int) -> Bool {
        guard let bytes = UnblockedTransfer.receive(connection, limit: limit + 2) else { return false }
        received += bytes
        return (length ?? 0) <= limit
    }

    /// The next whole message.
    mutating func next() -> [UInt8]? {
        guard let length, received.count >= length + 2 else { return nil }
        defer { received.removeFirst(length + 2) }
        return Array(received[2..<length + 2])
    }

    private var length: Int? { received.count < 2 ? nil : Int(received[0]) << 8 | Int(received[1]) }
}
