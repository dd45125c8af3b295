/// One question of the domain name system, with all that an answer repeats of it (RFC 1035 4.1, RFC 6891).
package struct NameQuestion: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case a, aaaa, pointer
        /// Of any class or type that no answer of ours has.
        case other
    }

    package let name: DomainName
    package let kind: Kind
    /// What is asked, as it stands in the message.
    let question: [UInt8]
    let identity: [UInt8]
    let wantsRecursion: Bool
    /// The longest answer by UDP that the asker takes; nil when it says nothing of that, which is 512 bytes.
    let room: Int?

    static let headerLength = 12

    /// Nil when the message is no single plain question: such ones get no answer of ours.
    package init?(_ message: [UInt8]) {
        guard message.count > Self.headerLength, message.count <= 4096 else { return nil }
        // A query of the plain kind, with one question and nothing in the sections of answers.
        guard message[2] & 0xf8 == 0, Array(message[4..<10]) == [0, 1, 0, 0, 0, 0] else { return nil }
        var place = Self.headerLength
        guard let name = DomainName(message, at: &place), place + 4 <= message.count else { return nil }
        self.name = name
        kind = Self.kind(message[place..<place + 4])
        question = Array(message[Self.headerLength..<place + 4])
        identity = Array(message[..<2])
        wantsRecursion = message[2] & 1 == 1
        room = Self.room(message, from: place + 4)
    }

    /// - Parameter bytes: type and class.
    private static func kind(_ bytes: ArraySlice<UInt8>) -> Kind {
        switch Array(bytes) {
        case [0, 1, 0, 1]: .a
        case [0, 28, 0, 1]: .aaaa
        case [0, 12, 0, 1]: .pointer
        default: .other
        }
    }

    /// What the one additional record says, if that is an OPT record: its class is the length.
    private static func room(_ message: [UInt8], from place: Int) -> Int? {
        guard message[10] == 0, message[11] == 1, message.count >= place + 11 else { return nil }
        guard Array(message[place..<place + 3]) == [0, 0, 41] else { return nil }
        return max(512, Int(message[place + 3]) << 8 | Int(message[place + 4]))
    }
}
