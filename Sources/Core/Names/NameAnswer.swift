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
        var records: [[UInt8]] = []
        var length = NameQuestion.headerLength + question.question.count + extra.count
        var isCut = false
        for record in self.records {
            length += record.count
            if length > limit {
                isCut = true
                break
            }
            records.append(record)
        }
        return header(question, records.count, hasExtra: !extra.isEmpty, isCut: isCut) + question.question
            + records.flatMap { $0 } + extra
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

    private func header(_ question: NameQuestion, _ count: Int, hasExtra: Bool, isCut: Bool) -> [UInt8] {
        // An answer, authoritative unless it failed; recursion is to be had.
        var first: UInt8 = 0x80
        if code != Self.serverFailure { first |= 0x04 }
        if isCut { first |= 0x02 }
        if question.wantsRecursion { first |= 0x01 }
        return question.identity + [first, 0x80 | code, 0, 1, UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0]
            + [hasExtra ? 1 : 0]
    }

    private static let serverFailure: UInt8 = 2

    private var code: UInt8 {
        switch self {
        case .addresses, .name: 0
        case .failure: Self.serverFailure
        case .absent: 3
        }
    }

    private var records: [[UInt8]] {
        switch self {
        case .addresses(let addresses):
            addresses.map { address in
                let bytes = address.bytes
                return Self.record(type: bytes.count == 4 ? 1 : 28, bytes)
            }
        case .name(let name): [Self.record(type: 12, name.bytes)]
        case .absent, .failure: []
        }
    }

    /// One that is about the name in the question. It is to be remembered by nobody: the next moment may have another one.
    private static func record(type: UInt8, _ data: [UInt8]) -> [UInt8] {
        [0xc0, UInt8(NameQuestion.headerLength), 0, type, 0, 1, 0, 0, 0, 0, UInt8(data.count >> 8)]
            + [UInt8(data.count & 0xff)] + data
    }
}
