import Core
import Glibc
import Lifecycle
import Linux

/// Answers what the container's programs ask about names: those of its neighbours from the records, all others by asking the host's
/// servers or its own. It listens while the container's network namespace is there.
final class NameServer: EventSource {
    private let run: ContainerRun
    private var conversations: [NameConversation] = []
    private var forwarded: [ForwardedQuestion] = []
    /// What goes by datagrams, some at a time.
    private var answers = UnsentDatagrams()
    private let silent = SilentServers()
    private let numbers = QuestionNumbers()

    /// So that whoever asks without end takes no more descriptors than that: the oldest ones give way.
    private static let mostConversations = 16
    private static let mostForwarded = 64
    /// Not for ever: the container's output is waited for, too.
    private static let mostAtOnce = 64
    /// Microseconds in which who has been answered has asked again, if that is to be: for the other family, or the next name.
    private static let attention = 20

    init(_ run: ContainerRun) { self.run = run }

    /// Nothing of it is open any more when this returns, which would hold the namespace.
    func close() {
        conversations = []
        forwarded = []
        run.neighbours.forget()
        run.names.forget()
    }

    /// Nobody waits for an answer.
    var isIdle: Bool { conversations.isEmpty && forwarded.isEmpty }

    // MARK: Part of an event loop

    func watch(_ requests: inout [pollfd]) {
        guard let sockets = run.nameSockets else { return close() }
        requests.append(pollfd(fd: sockets.datagrams.descriptor.number, events: Int16(POLLIN), revents: 0))
        requests.append(pollfd(fd: sockets.connections.descriptor.number, events: Int16(POLLIN), revents: 0))
        for question in forwarded { question.watch(&requests) }
        for conversation in conversations { requests.append(conversation.request) }
    }

    var deadline: Deadline? {
        let ends = [conversations.lazy.map(\.deadline).min(), forwarded.lazy.map(\.deadline).min()]
        return ends.lazy.compactMap { $0 }.min()
    }

    func advance(_ events: ArraySlice<pollfd>) {
        var events = events
        guard let sockets = run.nameSockets, let datagrams = events.popFirst(), let connections = events.popFirst()
        else { return }
        // First of all: a question that comes now may take the place of one that events are for.
        advanceForwarded(&events, sockets)
        for conversation in conversations { conversation.advance(events.popFirst()?.revents ?? 0) }
        if datagrams.revents != 0 { answerDatagrams(of: sockets) }
        // Behind all that may have ended a forwarded question.
        answerConversations(sockets)
        sockets.datagrams.send(&answers)
        if connections.revents != 0 { accept(from: sockets) }
        conversations.removeAll(where: \.hasEnded)
    }

    private func advanceForwarded(_ events: inout ArraySlice<pollfd>, _ sockets: NameSockets) {
        if forwarded.isEmpty { return }
        withUnsafeTemporaryAllocation(byteCount: AskedServer.room, alignment: 1) { memory in
            for question in forwarded { question.advance(&events, memory) }
        }
        for question in forwarded where question.hasEnded { conclude(question, sockets) }
        forwarded.removeAll(where: \.hasEnded)
        sockets.datagrams.send(&answers)
    }

    // MARK: Questions

    private func answerDatagrams(of sockets: NameSockets) {
        var count = 0
        while count < Self.mostAtOnce {
            let questions = sockets.datagrams.receive(limit: 4096)
            if questions.isEmpty { return }
            let now = NamesNow(run)
            for (bytes, peer) in questions where !forwarded.contains(where: { $0.isOf(peer, bytes) }) {
                answer(bytes, of: NameAsker(peer), now, sockets)
            }
            sockets.datagrams.send(&answers)
            count += max(questions.count, 4)
            if !forwarded.isEmpty || !sockets.datagrams.expectsMore(within: Self.attention) { return }
        }
    }

    /// One question of each, until nobody has another one.
    private func answerConversations(_ sockets: NameSockets) {
        while true {
            let questions = conversations.compactMap { asking in asking.next().map { (asking, $0) } }
            if questions.isEmpty { return }
            for (conversation, question) in questions {
                answer(question, of: NameAsker(conversation), NamesNow(run), sockets)
            }
        }
    }

    /// - Parameter now: made after the question had come.
    private func answer(_ bytes: [UInt8], of asker: NameAsker, _ now: NamesNow, _ sockets: NameSockets) {
        guard let question = NameQuestion(bytes) else {
            if let refusal = NameAnswer.refusal(of: bytes) { reply(refusal, to: asker, sockets) }
            return
        }
        if let own = ownAnswer(to: question, now) {
            return reply(own.message(to: question, isStream: asker.isStream), to: asker, sockets)
        }
        if forwarded.count >= Self.mostForwarded {
            let oldest = forwarded.removeFirst()
            oldest.giveUp()
            conclude(oldest, sockets)
        }
        let another = ForwardedQuestion(bytes, of: asker, to: now.servers, silent, numbers)
        if another.hasEnded { conclude(another, sockets) } else { forwarded.append(another) }
    }

    /// Nil when it is no question about a neighbour.
    private func ownAnswer(to question: NameQuestion, _ now: NamesNow) -> NameAnswer? {
        let address = question.kind == .pointer ? question.name.reversed : nil
        switch address.map(now.meaning(of:)) ?? now.meaning(of: question.name) {
        case .addresses(let addresses):
            guard let family = question.kind.family else { return .addresses([]) }
            return .addresses(addresses.filter { $0.family == family }.shuffled())
        case .name(let name): return .name(name)
        case .absent: return .absent
        case .foreign: return nil
        }
    }

    // MARK: Answers

    /// Says what has come of a question that has ended.
    private func conclude(_ question: ForwardedQuestion, _ sockets: NameSockets) {
        let asker = question.asker
        if let answer = question.answer { return reply(answer, to: asker, sockets) }
        guard let asked = NameQuestion(question.message) else { return }
        let answer: NameAnswer = run.isBelowNetwork(asked.name) ? .absent : .failure
        reply(answer.message(to: asked, isStream: asker.isStream), to: asker, sockets)
    }

    private func reply(_ message: [UInt8], to asker: NameAsker, _ sockets: NameSockets) {
        guard let peer = asker.peer else {
            asker.conversation?.send(message)
            return
        }
        answers.add(message, to: peer)
        if answers.isFull { sockets.datagrams.send(&answers) }
    }

    private func accept(from sockets: NameSockets) {
        for _ in 0..<64 {
            guard let connection = sockets.connections.accept() else { return }
            if conversations.count >= Self.mostConversations { conversations.removeFirst() }
            conversations.append(NameConversation(connection))
        }
    }
}

extension NameQuestion.Kind {
    fileprivate var family: AddressFamily? {
        switch self {
        case .a: .ipv4
        case .aaaa: .ipv6
        case .pointer, .other: nil
        }
    }
}
