import Core
import Foundation
import Testing

@Suite struct SubnetTests {
    @Test(arguments: 0...32)
    func everyPrefixLengthOfIPv4(length: Int) throws {
        let size = Int(pow(2, Double(32 - length)))
        for base: UInt32 in [0, 0x0a01_0203, 0xc0a8_0180, .max] {
            let subnet = Subnet(IPAddress(ipv4: base), length)
            let first = Int(base) / size * size
            let last = first + size - 1
            #expect(Int(subnet.first.number) == first && Int(subnet.last.number) == last)
            #expect(Int(subnet.mask.number) == (1 << 32) - size)
            #expect(subnet.hasHostBits == (Int(base) != first))
            #expect(subnet.network == Subnet(subnet.first, length) && !subnet.network.hasHostBits)
            #expect(subnet.broadcast.map { Int($0.number) } == (length <= 30 ? last : nil))
            let edge = length <= 30 ? 1 : 0
            #expect(
                Int(subnet.hosts.lowerBound.number) == first + edge
                    && Int(subnet.hosts.upperBound.number) == last - edge)
            #expect(Subnet(subnet.description) == subnet)
            for neighbour in [first - 1, first, last, last + 1] where (0...Int(UInt32.max)).contains(neighbour) {
                let address = IPAddress(ipv4: UInt32(neighbour))
                #expect(subnet.contains(address) == (first...last).contains(neighbour))
                #expect(!subnet.contains(IPAddress(ipv6: address.number)))
            }
        }
    }

    /// The model has an address as its bits, the highest first.
    @Test(arguments: 0...128)
    func everyPrefixLengthOfIPv6(length: Int) throws {
        var random = SeededGenerator(UInt64(length))
        func number(_ bits: [Bool]) -> UInt128 { bits.reduce(0) { $0 << 1 | ($1 ? 1 : 0) } }
        for _ in 0..<20 {
            let bits = (0..<128).map { _ in Bool.random(using: &random) }
            let subnet = Subnet(IPAddress(ipv6: number(bits)), length)
            let prefix = Array(bits.prefix(length))
            let rest = 128 - length
            #expect(subnet.first.number == number(prefix + Array(repeating: false, count: rest)))
            #expect(subnet.last.number == number(prefix + Array(repeating: true, count: rest)))
            #expect(subnet.mask.number == number((0..<128).map { $0 < length }))
            #expect(subnet.broadcast == nil)
            #expect(subnet.hosts.lowerBound == (rest < 2 ? subnet.first : subnet.first.advanced(by: 1)))
            #expect(subnet.hosts.upperBound == subnet.last)
            #expect(subnet.network == Subnet(subnet.first, length) && !subnet.network.hasHostBits)
            #expect(subnet.hasHostBits == bits.suffix(rest).contains(true))
            #expect(Subnet(subnet.description) == subnet)
            for place in 0..<128 {
                var other = bits
                other[place].toggle()
                #expect(subnet.contains(IPAddress(ipv6: number(other))) == (place >= length))
            }
        }
    }

    @Test func B14_overlapIsThatOfTheRanges() {
        var random = SeededGenerator(1)
        for round in 0..<20_000 {
            let pair = (0..<2).map { _ in
                let number = UInt128(UInt32.random(in: 0...0xff, using: &random))
                return round.isMultiple(of: 2)
                    ? Subnet(IPAddress(ipv4: UInt32(number << 24)), .random(in: 0...32, using: &random))
                    : Subnet(IPAddress(ipv6: number << 64), .random(in: 50...128, using: &random))
            }
            let expected = pair[0].first <= pair[1].last && pair[1].first <= pair[0].last
            #expect(pair[0].overlaps(pair[1]) == expected && pair[1].overlaps(pair[0]) == expected)
        }
    }

    @Test func familiesNeverOverlap() throws {
        let short = try #require(Subnet("0.0.0.0/0"))
        let long = try #require(Subnet("::/0"))
        #expect(!short.overlaps(long) && !long.overlaps(short))
        #expect(short != long)
    }

    @Test func partsFollowEachOther() throws {
        let subnet = try #require(Subnet("10.64.3.7/10"))
        #expect(
            (0..<3).map { subnet.part($0, length: 22).description } == ["10.64.0.0/22", "10.64.4.0/22", "10.64.8.0/22"])
        #expect(subnet.part(4095, length: 22).last == subnet.last)
        let long = try #require(Subnet("fd00:1::/48"))
        #expect(
            [0, 1, 65_535].map { long.part($0, length: 64).description }
                == ["fd00:1::/64", "fd00:1:0:1::/64", "fd00:1:0:ffff::/64"])
        #expect(long.part(0, length: 48) == long)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0", "10.0.0.0/", "/24", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
        "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0 /8", "10.0.0.0/8 ", "10.0.0/8", "10.0.0.0/4294967304",
        "10.0.0.0/255.0.0.0", "::", "::/", "::/129", "::/-1", "::/064", "::1%lo/64", "[::]/64", "1:/64",
    ])
    func refuses(text: String) { #expect(Subnet(text) == nil) }

    @Test func B03_nothingIsChangedByAsking() throws {
        for (text, network) in [("192.168.10.1/24", "192.168.10.0/24"), ("FD00:0::1/64", "fd00::/64")] {
            let subnet = try #require(Subnet(text))
            _ = (subnet.network, subnet.hosts, subnet.broadcast)
            #expect(subnet.description == text.lowercased().replacingOccurrences(of: ":0::", with: "::"))
            #expect(subnet.network.description == network)
        }
    }
}
