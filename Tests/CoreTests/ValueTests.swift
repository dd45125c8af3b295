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
        #expect(OperationError("create pipe", errno: EMFILE).description == "create pipe: Too many open files")
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

@Suite struct IPv4AddressTests {
    @Test func everyOctetRoundTrips() {
        for octet in 0...255 {
            for text in ["\(octet).0.0.1", "1.\(octet).2.3", "1.2.\(octet).3", "1.2.3.\(octet)"] {
                #expect(IPv4Address(text)?.description == text)
            }
        }
        #expect(IPv4Address("1.2.3.4")?.rawValue == 0x0102_0304)
        #expect(IPv4Address("255.255.255.255")?.rawValue == .max)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.04", "1.2.3.00",
        "256.1.1.1",
        "1.1.1.256", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", "1.2.3.4 ", "1.2. 3.4", "1.2.3.4\n", "1.2.3.4\0", "1.2.3.0x4",
        "1.2.3.4/24", "1.2.3.99999999999999999999", "18446744073709551617.1.1.1", "1.2.3.٤", "１.2.3.4", "a.b.c.d",
        "::1",
    ])
    func refuses(text: String) { #expect(IPv4Address(text) == nil) }

    @Test func privateRangesEndWhereTheyEnd() throws {
        let inside = [
            "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255", "127.0.0.1", "169.254.1.1",
        ]
        let outside = [
            "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
            "100.63.255.255",
            "100.128.0.0", "128.0.0.0", "162.16.0.1", "8.8.8.8", "0.0.0.0",
        ]
        for text in inside { #expect(IPv4Address(text)?.isPrivate == true, "\(text)") }
        for text in outside { #expect(IPv4Address(text)?.isPrivate == false, "\(text)") }
    }
}

@Suite struct CIDRTests {
    @Test(arguments: 0...32)
    func everyPrefixLength(length: Int) throws {
        let size = Int(pow(2, Double(32 - length)))
        for base: UInt32 in [0, 0x0a01_0203, 0xc0a8_0180, .max] {
            let cidr = CIDR(IPv4Address(rawValue: base), length)
            let first = Int(base) / size * size
            let last = first + size - 1
            #expect(cidr.count == size)
            #expect(Int(cidr.first.rawValue) == first && Int(cidr.last.rawValue) == last)
            #expect(Int(cidr.mask) == (1 << 32) - size)
            #expect(cidr.hasHostBits == (Int(base) != first))
            #expect(cidr.network == CIDR(cidr.first, length) && !cidr.network.hasHostBits)
            #expect(cidr.broadcast.map { Int($0.rawValue) } == (length <= 30 ? last : nil))
            let edge = length <= 30 ? 1 : 0
            #expect(Int(cidr.hosts.lowerBound) == first + edge && Int(cidr.hosts.upperBound) == last - edge)
            #expect(CIDR(cidr.description) == cidr)
            for neighbour in [first - 1, first, last, last + 1] where (0...Int(UInt32.max)).contains(neighbour) {
                let address = IPv4Address(rawValue: UInt32(neighbour))
                #expect(cidr.contains(address) == (first...last).contains(neighbour))
            }
        }
    }

    @Test func B14_overlapIsThatOfTheRanges() {
        var random = SeededGenerator(1)
        for _ in 0..<20_000 {
            let pair = (0..<2).map { _ in
                CIDR(
                    IPv4Address(rawValue: .random(in: 0...0xff, using: &random) << 24),
                    .random(in: 0...32, using: &random))
            }
            let expected = pair[0].first <= pair[1].last && pair[1].first <= pair[0].last
            #expect(pair[0].overlaps(pair[1]) == expected && pair[1].overlaps(pair[0]) == expected)
        }
    }

    @Test(arguments: [
        "", "/", "10.0.0.0", "10.0.0.0/", "/24", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
        "10.0.0.0/8/8",
        "10.0.0.0/ 8", "10.0.0.0 /8", "10.0.0.0/8 ", "10.0.0/8", "10.0.0.0/4294967304", "10.0.0.0/255.0.0.0", "::/0",
    ])
    func refuses(text: String) { #expect(CIDR(text) == nil) }

    @Test func B03_nothingIsChangedByAsking() {
        let cidr = CIDR(IPv4Address(rawValue: 0xc0a8_0a01), 24)
        _ = (cidr.network, cidr.hosts, cidr.broadcast)
        #expect(cidr.description == "192.168.10.1/24")
        #expect(cidr.network.description == "192.168.10.0/24")
    }
}

@Suite struct MACAddressTests {
    @Test func roundTrips() {
        #expect(MACAddress("02:42:0A:00:00:0f")?.description == "02:42:0a:00:00:0f")
        #expect(MACAddress(for: IPv4Address(rawValue: 0x0a00_02ff)).description == "02:42:0a:00:02:ff")
    }

    @Test(arguments: [
        "", "02:42:0a:00:00", "02:42:0a:00:00:00:01", "2:42:0a:00:00:01", "02-42-0a-00-00-01", "02420a000001",
        "02:42:0a:00:00:0g",
        "02:42:0a:00:00:+1", "02:42:0a:00:00:-1", "02:42:0a:00:00: 1", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
        "01:00:5e:00:00:01",
        "02:42:0a:00:00:01 ", "02:42:0a::00:01",
    ])
    func refuses(text: String) { #expect(MACAddress(text) == nil) }
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
