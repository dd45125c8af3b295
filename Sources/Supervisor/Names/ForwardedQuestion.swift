import Core
import Glibc
import Lifecycle
import Linux

/// A question that one server is asked, then a moment later one more, until there is an answer of any of them: who takes long is
/// heard all the same.
final class ForwardedQuestion {
    private let question: [UInt8]
    private let peer: Datagrams.Peer?
    private let isStream: Bool
    private let silent: SilentServers
    private let reply: ([UInt8]?) -> Void
    /// Those that are to be asked, one after the other.
    private var unasked: ArraySlice<NameUpstream>
    /// Those that may answer yet.
    private var asked: [AskedServer] = []
    /// What somebody has said who could not answer.
    private var refusal: [UInt8]?
    private(set) var hasEnded = false
    /// When the next one is asked.
    private var turn = Deadline(seconds: 0)
    private let lastOfAnswers = Deadline(milliseconds: ForwardedQuestion.patience)
    private let lastOfRefusals = Deadline(milliseconds: ForwardedQuestion.patienceRefused)

    /// Less than the least that `timeout:` of resolv.conf(5) can be, a second: a program with that hears the second server still.
    private static let interval: Int64 = 750
    /// A little less than a `NameConversation` has. Programs give up by themselves.
    private static let patience: Int64 = 9000
    /// Less than what programs wait, so that they get the refusal.
    private static let patienceRefused: Int64 = 4000
    /// As many servers as resolv.conf(5) has; each is a descriptor.
    private static let mostAsked = 3

    init(
        _ question: [UInt8], of peer: Datagrams.Peer?, to servers: [NameUpstream], _ silent: SilentServers,
        isStream: Bool, _ reply: @escaping ([UInt8]?) -> Void
    ) {
        self.question = question
        self.peer = peer
        self.isStream = isStream
        self.silent = silent
        self.reply = reply
        let order = silent.behindOthers(servers, by: \.server)
        // A datagram may be lost; what goes by a connection is repeated by the kernel.
        unasked = isStream ? order[...] : (order + order)[...]
        askNext()
    }

    /// Whether it is the same one once more.
    func isOf(_ peer: Datagrams.Peer, _ bytes: [UInt8]) -> Bool { self.peer == peer && bytes == question }

    // MARK: Part of an event loop

    /// - Returns: how many requests it has.
    func watch(_ requests: inout [pollfd]) -> Int {
        requests += asked.map(\.request)
        return asked.count
    }

    var deadline: Deadline {
        !unasked.isEmpty && turn.millisecondsLeft < last.millisecondsLeft ? turn : last
    }

    private var last: Deadline { refusal == nil ? lastOfAnswers : lastOfRefusals }

    /// - Parameter events: its requests, unless it has ended meanwhile.
    func advance(_ events: ArraySlice<pollfd>) {
        for (server, event) in zip(asked, events) where event.revents != 0 && !hasEnded {
            take(server.receive(), of: server)
        }
        if hasEnded { return }
        if last.millisecondsLeft == 0 { return end(refusal) }
        if !unasked.isEmpty, turn.millisecondsLeft == 0 {
            for server in asked { silent.add(server.server) }
            askNext()
        }
    }

    // MARK: Asking

    private func askNext() {
        while let next = unasked.popFirst() {
            turn = Deadline(milliseconds: Self.interval)
            if ask(next) { return }
        }
        if asked.isEmpty { end(refusal) }
    }

    private func ask(_ next: NameUpstream) -> Bool {
        if let again = asked.first(where: { $0.server == next.server }) {
            let isAsked = again.ask()
            if !isAsked { forget(again) }
            return isAsked
        }
        guard let connection = try? next.connect(isStream: isStream) else { return false }
        let server = AskedServer(next.server, question, by: connection, isStream: isStream)
        guard server.ask() else { return false }
        if asked.count >= Self.mostAsked { asked.removeFirst() }
        asked.append(server)
        return true
    }

    /// Nobody is asked any more.
    func giveUp() { end(refusal) }

    private func end(_ answer: [UInt8]?) {
        hasEnded = true
        asked = []
        unasked = []
        reply(answer.map { Array(question.prefix(2)) + $0.dropFirst(2) })
    }

    // MARK: Answers

    private func take(_ news: AskedServer.News, of server: AskedServer) {
        switch news {
        case .nothing: return
        case .end: break
        case .answer(let bytes):
            silent.remove(server.server)
            // Refused, not implemented, failed: somebody else may know.
            guard [2, 4, 5].contains(bytes[3] & 0x0f) else { return end(bytes) }
            refusal = bytes
        }
        forget(server)
        askNext()
    }

    /// It is not asked again.
    private func forget(_ server: AskedServer) {
        asked.removeAll { $0 === server }
        unasked.removeAll { $0.server == server.server }
    }
}
