import Core
import Foundation
import Fuzzing
import Testing

@Suite struct IPv4AddressTests {
    @Test func everyOctetRoundTrips() {
        for octet in 0...255 {
            for text in ["\(octet).0.0.1", "1.\(octet).2.3", "1.2.\(octet).3", "1.2.3.\(octet)"] {
                #expect(IPAddress(text)?.description == text)
            }
        }
        #expect(IPAddress("1.2.3.4") == IPAddress(ipv4: 0x0102_0304))
        #expect(IPAddress("255.255.255.255")?.ipv4 == .max)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.04", "1.2.3.00",
        "256.1.1.1", "1.1.1.256", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", "1.2.3.4 ", "1.2. 3.4", "1.2.3.4\n", "1.2.3.4\0",
        "1.2.3.0x4", "1.2.3.4/24", "1.2.3.99999999999999999999", "18446744073709551617.1.1.1", "1.2.3.٤", "１.2.3.4",
        "a.b.c.d", "1.2.3.4%eth0",
    ])
    func refuses(text: String) { #expect(IPAddress(text) == nil) }

    @Test func privateRangesEndWhereTheyEnd() throws {
        let inside = [
            "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255",
            "100.64.0.0", "100.127.255.255", "127.0.0.1", "169.254.1.1",
        ]
        let outside = [
            "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
            "100.63.255.255", "100.128.0.0", "128.0.0.0", "162.16.0.1", "8.8.8.8", "0.0.0.0",
        ]
        for text in inside { #expect(IPAddress(text)?.isPrivate == true, "\(text)") }
        for text in outside { #expect(IPAddress(text)?.isPrivate == false, "\(text)") }
        for text in ["192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::1"] {
            #expect(IPAddress(text)?.isOfDocumentation == true, "\(text)")
        }
        for text in ["192.0.3.1", "198.51.101.0", "203.0.112.255", "2001:db9::1", "10.0.0.1"] {
            #expect(IPAddress(text)?.isOfDocumentation == false, "\(text)")
        }
    }

    @Test func multicastAndWhatIsAboveIsNoHosts() {
        #expect(IPAddress("223.255.255.255")?.isUnicast == true && IPAddress("0.0.0.0")?.isUnicast == true)
        #expect(IPAddress("224.0.0.0")?.isUnicast == false && IPAddress("255.255.255.255")?.isUnicast == false)
        #expect(IPAddress("127.255.255.255")?.isLoopback == true && IPAddress("128.0.0.0")?.isLoopback == false)
    }
}

@Suite struct IPv6AddressTests {
    /// The examples of RFC 4291 2.2 and RFC 5952 1, 2 and 4: what is read, and how it is written.
    @Test(arguments: [
        ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"), ("0:0:0:0:0:0:0:1", "::1"), ("0:0:0:0:0:0:0:0", "::"),
        ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"), ("::FFFF:129.144.52.38", "::ffff:129.144.52.38"),
        ("0:0:0:0:0:ffff:8190:3426", "::ffff:129.144.52.38"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"), ("2001:db8::0:1", "2001:db8::1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("1::", "1::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"), ("::1.2.3.4", "::102:304"),
    ])
    func isReadAndWritten(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(address.family == .ipv6 && address.ipv4 == nil)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        ":", ":::", "1:", ":1", "1::2::3", "::1::", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2:3:4:5:6:7:8", "12345::", "00001::", "g::", "-1::", "+1::",
        "::+1", "1 ::", " ::1",
        "::1 ", "::1\n", "::1\0", "::1%eth0", "fe80::1%1", "[::1]", "::1/128", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3",
        "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "1.2.3.4:5",
        "::ffff:1.2.3.4::",
        "::１", "::٤", "::.", "::1.2.3.", "0x1::", "1:2",
    ])
    func refuses(text: String) { #expect(IPAddress(text) == nil) }

    @Test func kinds() {
        func address(_ text: String) -> IPAddress { IPAddress(text) ?? .anyIPv4 }
        #expect(address("::1").isLoopback && !address("::2").isLoopback && !address("::ffff:127.0.0.1").isLoopback)
        #expect(address("::").isUnspecified && !address("::1").isUnspecified)
        let own = ["fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1", "febf::1", "::1"]
        let others = ["fbff::1", "fe00::1", "fe7f::1", "fec0::1", "2001:db8::1", "::a00:1", "::ffff:10.0.0.1"]
        for text in own { #expect(address(text).isPrivate && address(text).isUnicast, "\(text)") }
        for text in others { #expect(!address(text).isPrivate && address(text).isUnicast, "\(text)") }
        #expect(!address("ff00::").isUnicast && !address("ff02::1").isUnicast)
    }
}

/// The C library reads and writes addresses as well.
@Suite struct AddressTextTests {
    private static func read(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let family = text.contains(":") ? AF_INET6 : AF_INET
        guard !text.utf8.contains(0), inet_pton(family, text, &bytes) == 1 else { return nil }
        return family == AF_INET ? Array(bytes.prefix(4)) : bytes
    }

    private static func written(_ bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func bytes(_ address: IPAddress) -> [UInt8] {
        (0..<address.family.bits / 8).reversed().map { UInt8(truncatingIfNeeded: address.number >> (8 * UInt128($0))) }
    }

    /// Of all groups some are zero, as the interesting ones are.
    private static func anyNumber(_ random: inout SeededGenerator) -> UInt128 {
        let zeros = UInt8.random(in: 0...255, using: &random)
        return (0..<8).reduce(0) { number, group in
            number << 16 | (zeros >> group & 1 == 0 ? UInt128(UInt16.random(in: 0...(.max), using: &random) >> 4) : 0)
        }
    }

    @Test func writtenAsTheCLibraryDoes() {
        var random = SeededGenerator(4)
        for _ in 0..<50_000 {
            // ::a.b.c.d (RFC 4291 2.5.5.1) is out of use; the C library goes on writing it.
            let address = IPAddress(ipv6: Self.anyNumber(&random) | 1 << 127)
            #expect(address.description == Self.written(Self.bytes(address)))
            #expect(IPAddress(address.description) == address)
            let short = IPAddress(ipv4: .random(in: 0...(.max), using: &random))
            #expect(short.description == Self.written(Self.bytes(short)))
            #expect(IPAddress(short.description) == short)
            let mapped = IPAddress(ipv6: 0xffff << 32 | short.number)
            #expect(mapped.description == Self.written(Self.bytes(mapped)))
            #expect(IPAddress(mapped.description) == mapped)
        }
    }

    /// The same texts are accepted, with the same meaning.
    @Test func readAsTheCLibraryDoes() {
        var accepted = 0
        let examples = [
            "1.2.3.4", "255.255.255.255", "::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4", "1:0:0:2::3", "abcd:EF01::",
        ]
        Fuzz.texts(examples) { text in
            let address = IPAddress(text)
            if address != nil { accepted += 1 }
            if address.map(Self.bytes) != Self.read(text) { Issue.record("\(text)") }
        }
        #expect(accepted > examples.count)
    }
}

@Suite struct AddressArithmeticTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func countsToTheEndOfItsFamily() throws {
        #expect(try address("10.0.0.255").advanced(by: 1) == address("10.0.1.0"))
        #expect(try address("10.0.0.1").advanced(by: 0) == address("10.0.0.1"))
        #expect(try address("0.0.0.0").advanced(by: 0xffff_ffff) == address("255.255.255.255"))
        #expect(try address("255.255.255.255").advanced(by: 1) == nil)
        #expect(try address("0.0.0.1").advanced(by: 0xffff_ffff) == nil)
        #expect(try address("1.0.0.0").advanced(by: .max) == nil)
        #expect(try address("fd00::ffff:ffff:ffff:ffff").advanced(by: 1) == address("fd00:0:0:1::"))
        #expect(try address("::").advanced(by: .max) == address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))
        #expect(try address("::1").advanced(by: .max) == nil)
    }

    @Test func anOffsetLeadsBack() throws {
        let first = try address("fd00::1")
        #expect(try address("fd00::1:0:0:0").offset(from: first) == (1 << 48) - 1)
        #expect(try first.offset(from: address("fd00::2")) == nil)
        #expect(try address("0.0.0.5").offset(from: address("::1")) == nil)
        #expect(try address("::5").offset(from: address("0.0.0.1")) == nil)
        #expect(try address("10.0.1.0").offset(from: address("10.0.0.1")) == 255)
    }

    @Test func numbersThatAFamilyLacksAreRefused() throws {
        #expect(try IPAddress(.ipv4, number: 0xffff_ffff) == address("255.255.255.255"))
        #expect(IPAddress(.ipv4, number: 1 << 32) == nil)
        #expect(try IPAddress(.ipv6, number: 1 << 32) == address("::1:0:0"))
    }

    @Test func orderedByFamilyAndNumber() throws {
        let ordered = ["0.0.0.0", "9.0.0.0", "10.0.0.0", "255.255.255.255", "::", "::1", "::a00:0", "fd00::"]
        #expect(try ordered.shuffled().map(address).sorted().map(\.description) == ordered)
        #expect(Set(try (ordered + ordered).map(address)).count == ordered.count)
    }

    /// A lease, an endpoint and a rule have one each.
    @Test func smallAndWithoutAReference() {
        #expect(MemoryLayout<IPAddress?>.size == 17 && _isPOD(IPAddress.self) && _isPOD(Subnet.self))
    }

    @Test func whatIsOfIPv4AloneRefusesTheOther() throws {
        #expect(try address("10.0.0.1").ofIPv4() == 0x0a00_0001)
        let error = #expect(throws: OperationError.self) { try address("fd00::1").ofIPv4() }
        #expect(error?.kind == .unsupported)
        #expect(error?.description == "use fd00::1: it is of IPv6, where IPv4 alone is possible")
    }
}
