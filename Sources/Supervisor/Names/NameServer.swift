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
    /// How many of the last requests are for each of them.
    private var watched: [Int] = []
    private let silent = SilentServers()

    /// So that whoever asks without end takes no more descriptors than that: the oldest ones give way.
    private static let mostConversations = 16
    private static let mostForwarded = 64

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
        for conversation in conversations { requests.append(conversation.request) }
        watched = forwarded.map { $0.watch(&requests) }
    }

    var deadline: Deadline? {
        (conversations.map(\.deadline) + forwarded.map(\.deadline)).min { $0.millisecondsLeft < $1.millisecondsLeft }
    }

    func advance(_ events: ArraySlice<pollfd>) {
        var events = events
        guard let sockets = run.nameSockets, let datagrams = events.popFirst(), let connections = events.popFirst()
        else { return }
        // A question that comes now may take the place of one that events are for.
        let waiting = forwarded
        for conversation in conversations {
            conversation.advance(events.popFirst()?.revents ?? 0) { [self] in answer($0, over: conversation) }
        }
        for (question, count) in zip(waiting, watched) {
            question.advance(events.prefix(count))
            events = events.dropFirst(count)
        }
        if datagrams.revents != 0 { answerDatagrams(of: sockets) }
        if connections.revents != 0 { accept(from: sockets) }
        conversations.removeAll(where: \.hasEnded)
        forwarded.removeAll(where: \.hasEnded)
    }

    // MARK: Questions

    /// Not for ever: the container's output is waited for, too.
    private func answerDatagrams(of sockets: NameSockets) {
        for _ in 0..<64 {
            guard let (bytes, peer) = sockets.datagrams.receive(limit: 4096) else { return }
            if forwarded.contains(where: { $0.isOf(peer, bytes) }) { continue }
            answer(bytes, isStream: false, peer) { sockets.datagrams.send($0, to: peer) }
        }
    }

    private func answer(_ bytes: [UInt8], over conversation: NameConversation) {
        answer(bytes, isStream: true, nil) { [weak conversation] in conversation?.send($0) }
    }

    private func answer(
        _ bytes: [UInt8], isStream: Bool, _ peer: Datagrams.Peer?, _ reply: @escaping ([UInt8]) -> Void
    ) {
        guard let question = NameQuestion(bytes) else {
            if let refusal = NameAnswer.refusal(of: bytes) { reply(refusal) }
            return
        }
        let say = { (answer: NameAnswer) in reply(answer.message(to: question, isStream: isStream)) }
        if let own = ownAnswer(to: question) { return say(own) }
        forward(bytes, isStream, peer) { answer in
            if let answer { reply(answer) } else { say(.failure) }
        }
    }

    /// Nil when it is no question about a neighbour.
    private func ownAnswer(to question: NameQuestion) -> NameAnswer? {
        let address = question.kind == .pointer ? question.name.reversed : nil
        switch address.map(run.meaning(of:)) ?? run.meaning(of: question.name) {
        case .addresses(let addresses):
            guard let family = question.kind.family else { return .addresses([]) }
            return .addresses(addresses.filter { $0.family == family }.shuffled())
        case .name(let name): return .name(name)
        case .absent: return .absent
        case .foreign: return nil
        }
    }

    private func forward(
        _ bytes: [UInt8], _ isStream: Bool, _ peer: Datagrams.Peer?, _ reply: @escaping ([UInt8]?) -> Void
    ) {
        forwarded.removeAll(where: \.hasEnded)
        if forwarded.count >= Self.mostForwarded { forwarded.removeFirst().giveUp() }
        let question = ForwardedQuestion(bytes, of: peer, to: run.nameServers(), silent, isStream: isStream, reply)
        if !question.hasEnded { forwarded.append(question) }
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
