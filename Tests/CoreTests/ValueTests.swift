import Core
import Foundation
import Testing

/// Repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

@Suite struct OperationErrorTests {
    @Test func saysWhatToWhatAndWhy() {
        #expect(
            OperationError("create bridge", "br0", errno: EEXIST).description == #"create bridge "br0": File exists"#)
        let tooMany = OperationError("create pipe", errno: EMFILE, remedy: "repair the pipe")
        #expect(tooMany.description == "create pipe: Too many open files")
        #expect(tooMany.remedy == "allow more open files (ulimit -n)")
        #expect(OperationError("read", "/a b", reason: "is empty").description == #"read "/a b": is empty"#)
        #expect(OperationError("network x not found").description == "network x not found")
    }

    @Test func keepsItsParts() {
        let error = OperationError("open", "/x", errno: ENOENT, remedy: "make it")
        #expect(error.errno == ENOENT && error.remedy == "make it" && error.exitCode == nil)
        #expect(OperationError("a", reason: "b").errno == nil)
        #expect(OperationError("a", remedy: "c", exitCode: 125).exitCode == 125)
        #expect(OperationError("open", "/x", errno: ENOENT) != error)
    }

    /// A quota is as good as a full disk.
    @Test func whatIsOfAFullDisk() {
        for (number, isOne) in [(ENOSPC, true), (EDQUOT, true), (EROFS, false), (ENOMEM, false)] {
            #expect(OperationError("write", "/x", errno: number).isOfFullDisk == isOne, "\(number)")
        }
        #expect(!OperationError("write", "/x", reason: "No space left on device").isOfFullDisk)
    }
}

@Suite struct NameTests {
    @Test(arguments: ["a", "ab", "a0", "0a", "a.", "a..", "a-b_c.d", "Web-1", String(repeating: "x", count: 128)])
    func accepts(text: String) { #expect(Name(text)?.text == text) }

    @Test(arguments: [
        "", ".", "..", ".a", "-a", "_a", "a b", "a/b", "../x", "a\n", "a\0", "ä1", "a\u{301}b", "a:b", "a$b", "ａｂ",
        String(repeating: "x", count: 129),
    ])
    func refuses(text: String) { #expect(Name(text) == nil) }
}

@Suite struct ContainerIDTests {
    /// One in 280 has only digits there.
    @Test func shortFormIsNoNumber() {
        #expect((0..<5000).allSatisfy { _ in ContainerID.random().short.contains { $0.isLetter } })
    }

    @Test func randomOnesDiffer() {
        let ids = Set((0..<1000).map { _ in ContainerID.random() })
        #expect(ids.count == 1000)
        #expect(ids.allSatisfy { ContainerID($0.hex) == $0 && $0.short == $0.hex.prefix(12) })
    }

    @Test func prefixBytesAreTheFirstDigits() {
        let hex = "00ff10" + String(repeating: "a5", count: 29)
        #expect(ContainerID(hex)?.prefixBytes == [0, 0xff, 0x10] + Array(repeating: 0xa5, count: 13))
    }

    /// The digest of the empty text, as coreutils' sha256sum and basenc print it.
    @Test func inBase64() throws {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let text = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
        #expect(ContainerID(hex)?.compact == text)
        #expect(ContainerID.ofCompact(text)?.hex == hex)
        #expect(
            (0..<1000).allSatisfy { _ in
                let id = ContainerID.random()
                return ContainerID.ofCompact(id.compact) == id
            })
    }

    @Test(arguments: [
        "", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
        // Bits behind the last ones, and characters of another alphabet.
        "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFV", "47DEQpj8HBSa+/TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    ]) func notInBase64(text: String) {
        #expect(ContainerID.ofCompact(text) == nil)
    }

    @Test(arguments: [63, 65, 0]) func otherLengthsAreRefused(length: Int) {
        #expect(ContainerID(String(repeating: "a", count: length)) == nil)
    }

    @Test(arguments: ["A", "g", "/", ".", " ", "\0"]) func otherDigitsAreRefused(digit: String) {
        #expect(ContainerID(digit + String(repeating: "a", count: 63)) == nil)
        #expect(ContainerID(String(repeating: "a", count: 63) + digit) == nil)
    }
}

@Suite struct TimestampTests {
    private let formatter: DateFormatter

    init() {
        formatter = DateFormatter()
        formatter.calendar = Calendar(identifier: .gregorian)
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
    }

    private func expectAgreement(_ seconds: Int64, _ nanoseconds: Int64) {
        let text = Timestamp(nanoseconds: seconds * 1_000_000_000 + nanoseconds).description
        let date = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
        #expect(text == date + String(format: ".%09ldZ", Int(nanoseconds)))
    }

    @Test func agreesWithTheCalendarOnEveryDayUntil2101() {
        for day in stride(from: 0, to: 131 * 366, by: 1) where day % 3 == 0 || day % 1461 > 1458 || day % 1461 < 62 {
            expectAgreement(Int64(day) * 86_400 + Int64(day * 7919 % 86_400), Int64(day * 104_729 % 1_000_000_000))
        }
    }

    @Test func agreesWithTheCalendarAtRandom() {
        var random = SeededGenerator(3)
        for _ in 0..<5000 {
            expectAgreement(
                .random(in: 0..<4_133_980_800, using: &random), .random(in: 0..<1_000_000_000, using: &random))
        }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00"), (68_169_599, "1972-02-28T23:59:59"), (68_169_600, "1972-02-29T00:00:00"),
        (951_782_400, "2000-02-29T00:00:00"), (951_868_800, "2000-03-01T00:00:00"),
        (4_107_542_399, "2100-02-28T23:59:59"),
        (4_107_542_400, "2100-03-01T00:00:00"),
    ])
    func leapDays(seconds: Int64, text: String) {
        #expect(Timestamp(nanoseconds: seconds * 1_000_000_000).description == text + ".000000000Z")
    }

    @Test func nowIsNow() {
        let now = Double(Timestamp.now().nanoseconds) / 1e9
        #expect(abs(now - Date().timeIntervalSince1970) < 5)
    }
}
