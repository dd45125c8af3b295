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

    init(
        _ server: ServerAddress, _ question: [UInt8], number: UInt16, by connection: consuming Descriptor,
        isStream: Bool
    ) {
        self.server = server
        var message = question
        message[0] = UInt8(number >> 8)
        message[1] = UInt8(number & 0xff)
        self.message = message
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

    /// The longest answer by UDP.
    static let room = 8192

    /// What has come of it.
    /// - Parameter memory: for an answer by UDP.
    func receive(_ memory: UnsafeMutableRawBufferPointer) -> News {
        isStream ? receiveStream() : receiveDatagram(memory)
    }

    private func receiveDatagram(_ memory: UnsafeMutableRawBufferPointer) -> News {
        let count = UnblockedTransfer.receive(connection.number, into: memory)
        if count == -Int(EAGAIN) || count == -Int(EINTR) { return .nothing }
        // Of a server that is not there an error comes.
        guard count > 0 else { return .end }
        let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
        return isAnswer(bytes) ? .answer(Array(bytes)) : .nothing
    }

    private func receiveStream() -> News {
        let goesOn =
            stream.isSending
            ? stream.send(to: connection.number) : stream.receive(from: connection.number, limit: 65_535)
        while let bytes = stream.next() {
            if bytes.withUnsafeBytes(isAnswer) { return .answer(bytes) }
        }
        return goesOn ? .nothing : .end
    }

    // MARK: Answers

    /// What is no answer to this very question is as if nothing had come.
    private func isAnswer(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 12 && bytes[0] == message[0] && bytes[1] == message[1] && bytes[2] & 0x80 != 0
            && repeatsQuestion(bytes)
    }

    /// Servers may leave it out of a refusal.
    private func repeatsQuestion(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes[4] != 0 || bytes[5] != 0 else { return bytes[3] & 0x0f != 0 }
        guard let end = message[12...].firstIndex(of: 0), bytes.count >= end + 5, message.count >= end + 5 else {
            return false
        }
        return (12..<end + 5).allSatisfy { Self.small(bytes[$0]) == Self.small(message[$0]) }
    }

    private static func small(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}
