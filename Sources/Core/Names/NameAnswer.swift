/// What is said to a question.
package enum NameAnswer: Equatable, Sendable {
    /// None of them: there is the name, and nothing of the kind that was asked for.
    case addresses([IPAddress])
    case name(DomainName)
    /// There is no such name.
    case absent
    /// Nobody could be asked.
    case failure

    /// The answer's bytes.
    /// - Parameter isStream: of TCP, which has room for all of it.
    package func message(to question: NameQuestion, isStream: Bool) -> [UInt8] {
        let limit = isStream ? 65_535 : min(question.room ?? 512, Self.ownRoom)
        let extra = question.room == nil ? [] : Self.optionRecord
        var message: [UInt8] = []
        message.reserveCapacity(Self.usualLength)
        message += question.identity
        message += [firstFlags(question), 0x80 | code, 0, 1, 0, 0, 0, 0, 0, extra.isEmpty ? 0 : 1]
        message += question.question
        var count = 0
        for (type, bytes) in contents {
            guard message.count + Self.recordHeader + bytes.count + extra.count <= limit else {
                message[2] |= 0x02
                break
            }
            Self.addRecord(type, bytes, to: &message)
            count += 1
        }
        message[6] = UInt8(count >> 8)
        message[7] = UInt8(count & 0xff)
        message += extra
        return message
    }

    /// What is said to a message that is no question: that it is not understood, or of a kind that there is not. Nothing to an answer,
    /// nor to what has no header.
    package static func refusal(of message: [UInt8]) -> [UInt8]? {
        guard message.count >= NameQuestion.headerLength, message[2] & 0x80 == 0 else { return nil }
        let isOfAnotherKind = message[2] & 0x78 != 0
        return Array(message[..<2]) + [
            0x80 | message[2] & 0x79, 0x80 | (isOfAnotherKind ? notImplemented : formatError),
        ]
            + [UInt8](repeating: 0, count: 8)
    }

    private static let formatError: UInt8 = 1
    private static let notImplemented: UInt8 = 4

    /// What we take by UDP: no packet of this size is taken apart on its way.
    private static let ownRoom = 1232
    private static let optionRecord: [UInt8] = [0, 0, 41, UInt8(ownRoom >> 8), UInt8(ownRoom & 0xff), 0, 0, 0, 0, 0, 0]

    /// Of most answers: more is allocated by itself.
    private static let usualLength = 96

    /// An answer, authoritative unless it failed.
    private func firstFlags(_ question: NameQuestion) -> UInt8 {
        0x80 | (code == Self.serverFailure ? 0 : 0x04) | (question.wantsRecursion ? 0x01 : 0)
    }

    private static let serverFailure: UInt8 = 2

    private var code: UInt8 {
        switch self {
        case .addresses, .name: 0
        case .failure: Self.serverFailure
        case .absent: 3
        }
    }

    /// A record of each.
    private var contents: [(type: UInt8, bytes: [UInt8])] {
        switch self {
        case .addresses(let addresses): addresses.map { ($0.family == .ipv4 ? 1 : 28, $0.bytes) }
        case .name(let name): [(12, name.bytes)]
        case .absent, .failure: []
        }
    }

    /// Without its contents.
    private static let recordHeader = 12

    /// One that is about the name in the question. It is to be remembered by nobody: the next moment may have another one.
    private static func addRecord(_ type: UInt8, _ bytes: [UInt8], to message: inout [UInt8]) {
        message += [0xc0, UInt8(NameQuestion.headerLength), 0, type, 0, 1, 0, 0, 0, 0]
        message += [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
        message += bytes
    }
}
