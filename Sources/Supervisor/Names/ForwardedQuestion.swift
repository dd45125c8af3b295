import Core
import Glibc
import Lifecycle
import Linux

/// A question that one of the servers is asked, and then the next one, until there is an answer. Each time it goes by another socket
/// and has another number, which who does not see them cannot guess.
final class ForwardedQuestion {
    private let question: [UInt8]
    private let peer: Datagrams.Peer?
    private let isStream: Bool
    private let reply: ([UInt8]?) -> Void
    /// Those that are asked one after the other, each twice.
    private var servers: ArraySlice<NameUpstream>
    private var connection: Descriptor?
    private var stream = MessageStream()
    private var identity: [UInt8] = []
    /// What somebody has said who could not answer.
    private var refusal: [UInt8]?
    private(set) var hasEnded = false
    /// When the next one is asked.
    private(set) var deadline = Deadline(seconds: 0)

    private static let patience: Int64 = 2000

    init(
        _ question: [UInt8], of peer: Datagrams.Peer?, to servers: [NameUpstream], isStream: Bool,
        _ reply: @escaping ([UInt8]?) -> Void
    ) {
        self.question = question
        self.peer = peer
        self.isStream = isStream
        self.reply = reply
        self.servers = (servers + servers)[...]
        askNext()
    }

    /// Whether it is the same one once more.
    func isOf(_ peer: Datagrams.Peer, _ bytes: [UInt8]) -> Bool { self.peer == peer && bytes == question }

    var request: pollfd {
        let events = stream.isSending ? POLLOUT : POLLIN
        return pollfd(fd: connection.number, events: Int16(events), revents: 0)
    }

    func advance(_ events: Int16) {
        guard !hasEnded else { return }
        if events != 0 { isStream ? advanceStream() : receiveDatagram() }
        if !hasEnded, deadline.millisecondsLeft == 0 { askNext() }
    }

    // MARK: Asking

    private func askNext() {
        while let server = servers.popFirst() {
            guard let next = try? server.connect(isStream: isStream) else { continue }
            connection = Optional(next)
            identity = (0..<2).map { _ in UInt8.random(in: .min ... .max) }
            deadline = Deadline(milliseconds: Self.patience)
            if ask() { return }
        }
        end(refusal)
    }

    private func ask() -> Bool {
        let message = identity + question.dropFirst(2)
        guard isStream else { return UnblockedTransfer.send(message[...], to: connection.number) == message.count }
        stream = MessageStream()
        stream.add(message)
        return true
    }

    /// Nobody is asked any more.
    func giveUp() { end(refusal) }

    private func end(_ answer: [UInt8]?) {
        hasEnded = true
        connection = nil
        reply(answer.map { Array(question.prefix(2)) + $0.dropFirst(2) })
    }

    // MARK: Answers

    private func receiveDatagram() {
        // Of a server that is not there an error comes.
        guard let bytes = UnblockedTransfer.receive(connection.number, limit: 8192) else { return askNext() }
        if !bytes.isEmpty { take(bytes) }
    }

    private func advanceStream() {
        let goesOn =
            stream.isSending
            ? stream.send(to: connection.number) : stream.receive(from: connection.number, limit: 65_535)
        if let bytes = stream.next() { return take(bytes) }
        if !goesOn { askNext() }
    }

    /// What is no answer to this very question is as if nothing had come.
    private func take(_ bytes: [UInt8]) {
        guard bytes.count >= 12, Array(bytes.prefix(2)) == identity, bytes[2] & 0x80 != 0, repeatsQuestion(bytes)
        else { return }
        // Refused, not implemented, failed: somebody else may know.
        guard ![2, 4, 5].contains(bytes[3] & 0x0f) else {
            refusal = bytes
            return askNext()
        }
        end(bytes)
    }

    /// Servers may leave it out of a refusal.
    private func repeatsQuestion(_ bytes: [UInt8]) -> Bool {
        guard bytes[4] != 0 || bytes[5] != 0 else { return bytes[3] & 0x0f != 0 }
        guard let end = question[12...].firstIndex(of: 0), bytes.count >= end + 5, question.count >= end + 5 else {
            return false
        }
        func small(_ bytes: ArraySlice<UInt8>) -> [UInt8] { bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 } }
        return small(bytes[12..<end + 5]) == small(question[12..<end + 5])
    }
}
