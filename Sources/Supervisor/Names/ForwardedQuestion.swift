import Core
import Glibc
import Lifecycle
import Linux

/// A question that one server is asked, then a moment later one more, until there is an answer of any of them: who takes long is
/// heard all the same.
final class ForwardedQuestion {
    let message: [UInt8]
    let asker: NameAsker
    private let silent: SilentServers
    private let numbers: QuestionNumbers
    /// Those that are to be asked, one after the other.
    private var unasked: ArraySlice<NameUpstream>
    /// Those that are to be asked a second time afterwards.
    private var unrepeated: ArraySlice<NameUpstream>
    /// Those that may answer yet.
    private var asked: [AskedServer] = []
    /// What somebody has said who could not answer.
    private var refusal: [UInt8]?
    private(set) var hasEnded = false
    /// For whom has asked, once it has ended; nil when nobody has said anything.
    private(set) var answer: [UInt8]?
    private let begin = Deadline(milliseconds: 0)
    /// When the next one is asked.
    private var turn: Deadline

    /// Less than the least that `timeout:` of resolv.conf(5) can be, a second: a program with that hears the second server still.
    private static let interval: Int64 = 750
    /// A little less than a `NameConversation` has. Programs give up by themselves.
    private static let patience: Int64 = 9000
    /// Less than what programs wait, so that they get the refusal.
    private static let patienceRefused: Int64 = 4000
    /// As many servers as resolv.conf(5) has; each is a descriptor.
    private static let mostAsked = 3

    init(
        _ message: [UInt8], of asker: NameAsker, to servers: [NameUpstream], _ silent: SilentServers,
        _ numbers: QuestionNumbers
    ) {
        self.message = message
        self.asker = asker
        self.silent = silent
        self.numbers = numbers
        unasked = silent.behindOthers(servers, by: \.server)[...]
        // A datagram may be lost; what goes by a connection is repeated by the kernel.
        unrepeated = asker.isStream ? [] : unasked
        turn = begin.later(byMilliseconds: Self.interval)
        askNext()
    }

    /// Whether it is the same one once more.
    func isOf(_ peer: Datagrams.Peer, _ bytes: [UInt8]) -> Bool { asker.peer == peer && bytes == message }

    // MARK: Part of an event loop

    func watch(_ requests: inout [pollfd]) {
        for server in asked { requests.append(server.request) }
    }

    var deadline: Deadline { hasUnasked ? min(turn, last) : last }

    private var last: Deadline {
        begin.later(byMilliseconds: refusal == nil ? Self.patience : Self.patienceRefused)
    }

    /// - Parameters:
    ///   - events: begin with its own, which are taken out.
    ///   - memory: for what servers say.
    func advance(_ events: inout ArraySlice<pollfd>, _ memory: UnsafeMutableRawBufferPointer) {
        for server in asked where events.popFirst()?.revents ?? 0 != 0 && !hasEnded {
            take(server.receive(memory), of: server)
        }
        if hasEnded || deadline.millisecondsLeft > 0 { return }
        if last.millisecondsLeft == 0 { return end(refusal) }
        for server in asked { silent.add(server.server) }
        turn = Deadline(milliseconds: Self.interval)
        askNext()
    }

    // MARK: Asking

    private var hasUnasked: Bool { !unasked.isEmpty || !unrepeated.isEmpty }

    private func nextServer() -> NameUpstream? {
        if unasked.isEmpty { swap(&unasked, &unrepeated) }
        return unasked.popFirst()
    }

    private func askNext() {
        while let next = nextServer() {
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
        guard let connection = try? next.connect(isStream: asker.isStream) else { return false }
        let server = AskedServer(
            next.server, message, number: numbers.next(), by: connection, isStream: asker.isStream)
        guard server.ask() else { return false }
        if asked.count >= Self.mostAsked { asked.removeFirst() }
        asked.append(server)
        return true
    }

    /// Nobody is asked any more.
    func giveUp() { end(refusal) }

    private func end(_ said: [UInt8]?) {
        hasEnded = true
        asked = []
        unasked = []
        unrepeated = []
        guard var said else { return }
        said[0] = message[0]
        said[1] = message[1]
        answer = said
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
        turn = Deadline(milliseconds: Self.interval)
        askNext()
    }

    /// It is not asked again.
    private func forget(_ server: AskedServer) {
        asked.removeAll { $0 === server }
        unasked.removeAll { $0.server == server.server }
        unrepeated.removeAll { $0.server == server.server }
    }
}
