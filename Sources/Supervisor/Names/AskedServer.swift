import Core
import Glibc
import Linux

/// A server that one question is put to: by a socket of its own, which hears nobody else, and with a number of its own. Who does not
/// see them cannot guess either.
final class AskedServer {
    let server: ServerAddress
    private let message: [UInt8]
    private let connection: Descriptor
    private let isStream: Bool
    private var stream = MessageStream()

    enum News {
        case nothing
        /// It says no more.
        case end
        case answer([UInt8])
    }

    init(_ server: ServerAddress, _ question: [UInt8], by connection: consuming Descriptor, isStream: Bool) {
        self.server = server
        message = (0..<2).map { _ in UInt8.random(in: .min ... .max) } + question.dropFirst(2)
        self.connection = connection
        self.isStream = isStream
    }

    var request: pollfd {
        let events = stream.isSending ? POLLOUT : POLLIN
        return pollfd(fd: connection.number, events: Int16(events), revents: 0)
    }

    /// A second time it is the very same question, of which each answer will do.
    /// - Returns: false when it cannot be asked.
    func ask() -> Bool {
        guard isStream else { return UnblockedTransfer.send(message[...], to: connection.number) == message.count }
        stream.add(message)
        return true
    }

    /// What has come of it.
    func receive() -> News { isStream ? receiveStream() : receiveDatagram() }

    private func receiveDatagram() -> News {
        // Of a server that is not there an error comes.
        guard let bytes = UnblockedTransfer.receive(connection.number, limit: 8192) else { return .end }
        return isAnswer(bytes) ? .answer(bytes) : .nothing
    }

    private func receiveStream() -> News {
        let goesOn =
            stream.isSending
            ? stream.send(to: connection.number) : stream.receive(from: connection.number, limit: 65_535)
        while let bytes = stream.next() {
            if isAnswer(bytes) { return .answer(bytes) }
        }
        return goesOn ? .nothing : .end
    }

    // MARK: Answers

    /// What is no answer to this very question is as if nothing had come.
    private func isAnswer(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 12 && bytes.prefix(2) == message.prefix(2) && bytes[2] & 0x80 != 0 && repeatsQuestion(bytes)
    }

    /// Servers may leave it out of a refusal.
    private func repeatsQuestion(_ bytes: [UInt8]) -> Bool {
        guard bytes[4] != 0 || bytes[5] != 0 else { return bytes[3] & 0x0f != 0 }
        guard let end = message[12...].firstIndex(of: 0), bytes.count >= end + 5, message.count >= end + 5 else {
            return false
        }
        func small(_ bytes: ArraySlice<UInt8>) -> [UInt8] { bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 } }
        return small(bytes[12..<end + 5]) == small(message[12..<end + 5])
    }
}
