/// One question of the domain name system, with all that an answer repeats of it (RFC 1035 4.1, RFC 6891).
package struct NameQuestion: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case a, aaaa, pointer
        /// Of any class or type that no answer of ours has.
        case other
    }

    package let name: DomainName
    package let kind: Kind
    /// The longest answer by UDP that the asker takes; nil when it says nothing of that, which is 512 bytes.
    let room: Int?
    private let message: [UInt8]
    private let end: Int

    static let headerLength = 12

    /// Nil when the message is no single plain question: such ones get no answer of ours.
    package init?(_ message: [UInt8]) {
        guard message.count > Self.headerLength, message.count <= 4096 else { return nil }
        // A query of the plain kind, with one question and nothing in the sections of answers.
        guard message[2] & 0xf8 == 0, message.number(at: 4) == 1, message.number(at: 6) == 0, message.number(at: 8) == 0
        else { return nil }
        var place = Self.headerLength
        guard let name = DomainName(message, at: &place), place + 4 <= message.count else { return nil }
        self.name = name
        kind = Self.kind(message.number(at: place), class: message.number(at: place + 2))
        end = place + 4
        room = Self.room(message, from: end)
        self.message = message
    }

    /// What is asked, as it stands in the message.
    var question: ArraySlice<UInt8> { message[Self.headerLength..<end] }
    var identity: ArraySlice<UInt8> { message[..<2] }
    var wantsRecursion: Bool { message[2] & 1 == 1 }

    private static func kind(_ type: Int, class number: Int) -> Kind {
        switch (type, number) {
        case (1, 1): .a
        case (28, 1): .aaaa
        case (12, 1): .pointer
        default: .other
        }
    }

    /// What the one additional record says, if that is an OPT record: its class is the length.
    private static func room(_ message: [UInt8], from place: Int) -> Int? {
        guard message.number(at: 10) == 1, message.count >= place + 11 else { return nil }
        guard message[place] == 0, message.number(at: place + 1) == 41 else { return nil }
        return max(512, message.number(at: place + 3))
    }
}

extension [UInt8] {
    /// Two bytes, the greater one first.
    fileprivate func number(at place: Int) -> Int { Int(self[place]) << 8 | Int(self[place + 1]) }
}
