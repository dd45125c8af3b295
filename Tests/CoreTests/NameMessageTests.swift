import Core
import Fuzzing
import Testing

/// Messages of the domain name system, byte by byte as RFC 1035 4.1 and RFC 6891 6.1 have them.
@Suite struct NameMessages {
    private static func question(
        _ name: String, _ type: UInt8 = 1, class number: UInt8 = 1, flags: UInt8 = 1, extra: [UInt8] = []
    ) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [0xab, 0xcd, flags, 0, 0, 1, 0, 0, 0, 0, 0, extra.isEmpty ? 0 : 1] + labels
            + [0, 0, type, 0, number] + extra
    }
    /// Takes answers of up to 4096 bytes.
    private static let option: [UInt8] = [0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]
    private static let web: [UInt8] = [3] + Array("web".utf8) + [0, 0, 1, 0, 1]

    @Test func aQuestionIsRead() throws {
        let question = try #require(NameQuestion(Self.question("Web.front")))
        #expect(question.name.text == "Web.front" && question.kind == .a)
        #expect(NameQuestion(Self.question("web", 28))?.kind == .aaaa)
        #expect(NameQuestion(Self.question("web", 12))?.kind == .pointer)
        #expect(NameQuestion(Self.question("web", 15))?.kind == .other)
        #expect(NameQuestion(Self.question("web", 1, class: 3))?.kind == .other)
    }

    /// Labels are any bytes, and there may be none.
    @Test func namesOfQuestionsAreReadAsText() {
        func text(_ labels: [[UInt8]]) -> String? {
            let name = labels.flatMap { [UInt8($0.count)] + $0 }
            return NameQuestion([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name + [0, 0, 1, 0, 1])?.name.text
        }
        #expect(text([]) == "" && text([[97]]) == "a" && text([[97], [98, 99], [100]]) == "a.bc.d")
        // Half a letter does not take the dot for its other half; a dot inside of a label, and a zero.
        #expect(text([[0xc3], [0xa4, 97]]) == "\u{fffd}.\u{fffd}a")
        #expect(text([[97, 46], [98]]) == "a..b" && text([[97, 0, 98], [0xc3, 0xa4]]) == "a\0b.ä")
    }

    @Test func whatIsNoQuestionIsNone() {
        let good = Self.question("web", extra: Self.option)
        #expect(NameQuestion(good) != nil)
        // An answer, an update, two questions, an answer inside; a name that is shortened, cut off, or too long.
        for (place, value) in [(2, 0x80), (2, 0x28), (5, 2), (5, 0), (7, 1), (12, 0xc0), (12, 0x40)] as [(Int, UInt8)] {
            var bad = good
            bad[place] = value
            #expect(NameQuestion(bad) == nil, "\(place)")
        }
        #expect(NameQuestion(Array(Self.question("web").dropLast())) == nil)
        #expect(NameQuestion(Array(good.prefix(12))) == nil && NameQuestion([]) == nil)
        let label = String(repeating: "x", count: 63)
        #expect(NameQuestion(Self.question([label, label, label, label].joined(separator: "."))) == nil)
        #expect(NameQuestion(Self.question([label, label, label].joined(separator: "."))) != nil)
        #expect(NameQuestion(Self.question("web") + [UInt8](repeating: 0, count: 4096)) == nil)
    }

    @Test func whatIsNoQuestionIsRefused() {
        let question = Self.question("web")
        func changed(_ place: Int, _ value: UInt8) -> [UInt8] {
            var bytes = question
            bytes[place] = value
            return bytes
        }
        let zeros = [UInt8](repeating: 0, count: 8)
        // An update; two questions; half a question. An answer, and what has no header, are nobody's to answer.
        #expect(NameAnswer.refusal(of: changed(2, 0x29)) == [0xab, 0xcd, 0xa9, 0x84] + zeros)
        #expect(NameAnswer.refusal(of: changed(5, 2)) == [0xab, 0xcd, 0x81, 0x81] + zeros)
        #expect(NameAnswer.refusal(of: Array(question.dropLast())) == [0xab, 0xcd, 0x81, 0x81] + zeros)
        #expect(
            NameAnswer.refusal(of: changed(2, 0x81)) == nil && NameAnswer.refusal(of: Array(question.prefix(11))) == nil
        )
    }

    @Test func addressesAreAnswered() throws {
        let question = try #require(NameQuestion(Self.question("web")))
        let address = try #require(IPAddress("10.1.2.3"))
        #expect(
            NameAnswer.addresses([address]).message(to: question, isStream: false) == [
                0xab, 0xcd, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0,
            ] + Self.web + [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 1, 2, 3])
        let six = try #require(IPAddress("fd00::1"))
        let bytes = NameAnswer.addresses([six]).message(to: question, isStream: false)
        #expect(
            bytes.suffix(28) == [0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 0, 0, 16, 0xfd] + [UInt8](repeating: 0, count: 14) + [
                1
            ])
    }

    @Test func thereIsNothingOrNoName() throws {
        let question = try #require(NameQuestion(Self.question("web", flags: 0)))
        func header(_ answer: NameAnswer) -> [UInt8] { Array(answer.message(to: question, isStream: false).prefix(12)) }
        #expect(header(.addresses([])) == [0xab, 0xcd, 0x84, 0x80, 0, 1, 0, 0, 0, 0, 0, 0])
        #expect(header(.absent) == [0xab, 0xcd, 0x84, 0x83, 0, 1, 0, 0, 0, 0, 0, 0])
        #expect(header(.failure) == [0xab, 0xcd, 0x80, 0x82, 0, 1, 0, 0, 0, 0, 0, 0])
    }

    @Test func aNameIsAnswered() throws {
        let question = try #require(NameQuestion(Self.question("3.2.1.10.in-addr.arpa", 12)))
        #expect(question.name.reversed == IPAddress("10.1.2.3"))
        let name = try #require(DomainName("web.front"))
        let data: [UInt8] = [3] + Array("web".utf8) + [5] + Array("front".utf8) + [0]
        #expect(
            NameAnswer.name(name).message(to: question, isStream: false).suffix(data.count + 12)
                == [0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 0, 0, 11] + data)
    }

    @Test func noAnswerIsLongerThanItsAskerTakes() throws {
        let many = (1...200).map { IPAddress(ipv4: 0x0a00_0000 + $0) }
        func answer(_ extra: [UInt8], isStream: Bool = false) throws -> [UInt8] {
            let question = try #require(NameQuestion(Self.question("web", extra: extra)))
            return NameAnswer.addresses(many).message(to: question, isStream: isStream)
        }
        let plain = try answer([])
        // 12 + 9 + 30 * 16 = 501
        #expect(plain.count == 501 && plain[7] == 30 && plain[2] & 2 == 2)
        let long = try answer(Self.option)
        #expect(long.count <= 1232 && long.count > 1216 && long[2] & 2 == 2 && long[11] == 1)
        #expect(long.suffix(11) == [0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0])
        let whole = try answer([], isStream: true)
        #expect(whole.count == 21 + 200 * 16 && whole[7] == 200 && whole[2] & 2 == 0)
        // Less than anybody may take is as nothing said.
        let short = try answer([0, 0, 41, 0, 20, 0, 0, 0, 0, 0, 0])
        #expect(short.count == 512 && short[7] == 30)
    }

    @Test func namesAreReadFromText() {
        #expect(DomainName("web.front.")?.text == "web.front")
        for text in ["", ".", "a..b", String(repeating: "x", count: 64)] { #expect(DomainName(text) == nil, "\(text)") }
        #expect(DomainName("3.2.1.10.IN-ADDR.ARPA")?.reversed == IPAddress("10.1.2.3"))
        for text in [
            "3.2.1.in-addr.arpa", "x.2.1.10.in-addr.arpa", "03.2.1.10.in-addr.arpa", "3.2.1.10.ip6.arpa", "web",
        ] {
            #expect(DomainName(text)?.reversed == nil, "\(text)")
        }
    }

    @Test func nothingThatComesIsTooStrange() {
        let examples = [
            Self.question("web"), Self.question("web.front", 28, extra: Self.option),
            Self.question("3.2.1.10.in-addr.arpa", 12),
        ]
        Fuzz.bytes(examples) { bytes in
            guard let question = NameQuestion(bytes) else { return }
            _ = question.name.reversed
            for answer in [NameAnswer.absent, .failure, .addresses([.loopbackIPv4])] {
                let message = answer.message(to: question, isStream: false)
                #expect(message.count <= 1232)
                // It repeats the question, and so is one that could be asked again.
                var again = message
                again.replaceSubrange(2..<12, with: [1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
                if message[7] == 0, message[11] == 0 { #expect(NameQuestion(again)?.name == question.name) }
            }
        }
    }
}
