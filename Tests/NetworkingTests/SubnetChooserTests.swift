import Core
import Networking
import Testing

@Suite struct SubnetChooserTests {
    private func chooser(_ subnets: String...) -> SubnetChooser {
        SubnetChooser(occupants: subnets.compactMap { Subnet($0).map { .init($0, .route) } })
    }

    @Test func theFirstFreeOneIsTaken() throws {
        #expect(try chooser().choose(from: [SubnetChooser.defaultPool]).description == "172.17.0.0/16")
        #expect(try chooser("172.17.3.0/24").choose(from: [SubnetChooser.defaultPool]).description == "172.18.0.0/16")
        #expect(try chooser("172.16.0.0/14").choose(from: [SubnetChooser.defaultPool]).description == "172.20.0.0/16")
        #expect(try chooser("10.64.0.0/22").choose(from: [SubnetChooser.userPool]).description == "10.64.4.0/22")
    }

    /// In whatever order they come, and one within another.
    @Test func aHoleIsFound() throws {
        func first(beside subnets: String...) throws -> String {
            let occupants = subnets.compactMap { Subnet($0).map { SubnetChooser.Occupant($0, .route) } }
            return try SubnetChooser(occupants: occupants).choose(from: [SubnetChooser.userPool]).description
        }
        #expect(try first(beside: "10.64.8.0/22", "10.64.0.0/22", "10.64.0.0/23") == "10.64.4.0/22")
        #expect(try first(beside: "10.64.16.0/24", "10.64.1.0/24", "10.64.0.0/20") == "10.64.20.0/22")
        #expect(try first(beside: "fd00::/8", "10.128.0.0/10") == "10.64.0.0/22")
    }

    @Test func theLastOneIsTakenToo() throws {
        let users = chooser("10.64.0.0/11", "10.96.0.0/12", "10.112.0.0/13", "10.120.0.0/14", "10.124.0.0/15")
        #expect(try users.choose(from: [SubnetChooser.userPool]).description == "10.126.0.0/22")
        let all = (0..<4095).map { Subnet(IPAddress(ipv4: 0x0a40_0000 + UInt32($0) << 10), 22) }
        let last = SubnetChooser(occupants: all.map { .init($0, .route) })
        #expect(try last.choose(from: [SubnetChooser.userPool]).description == "10.127.252.0/22")
        let docker = chooser("172.16.0.0/13", "172.24.0.0/14", "172.28.0.0/15", "172.30.0.0/16")
        #expect(try docker.choose(from: [SubnetChooser.defaultPool]).description == "172.31.0.0/16")
    }

    @Test func subnetsOfIPv6AreChosenFromAPoolToo() throws {
        func choose(_ base: String, _ length: Int, beside subnets: String...) throws -> String {
            let occupants = subnets.compactMap { Subnet($0).map { SubnetChooser.Occupant($0, .route) } }
            let pool = SubnetChooser.Pool(try #require(Subnet(base)), subnetLength: length)
            return try SubnetChooser(occupants: occupants).choose(from: [pool]).description
        }
        #expect(try choose("fd00:1::/48", 64) == "fd00:1::/64")
        #expect(try choose("fd00:1::/48", 64, beside: "fd00:1::/63", "fd00:1:0:3::8/128") == "fd00:1:0:2::/64")
        #expect(try choose("fd00::/8", 70, beside: "fd00::/9") == "fd80::/70")
        #expect(throws: OperationError.self) { try choose("fd00::/8", 70, beside: "fc00::/7") }
    }

    @Test func routesToEverywhereSayNothing() throws {
        let vpn = chooser("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1")
        #expect(try vpn.choose(from: [SubnetChooser.userPool]).description == "10.64.0.0/22")
    }

    @Test func B14_overlapNamesTheOccupant() throws {
        let occupied = SubnetChooser(occupants: [
            .init(try #require(Subnet("192.168.10.0/24")), .network(try #require(Name("web")))),
            .init(try #require(Subnet("10.0.0.0/8")), .address(try #require(Subnet("10.1.2.3/8")))),
            .init(try #require(Subnet("172.16.0.0/12")), .route),
        ])
        func owner(_ subnet: String) throws -> String? { occupied.occupant(of: try #require(Subnet(subnet)))?.what }
        #expect(try owner("192.168.0.0/16") == "network \"web\", 192.168.10.0/24")
        #expect(try owner("192.168.10.128/25") == "network \"web\", 192.168.10.0/24")
        #expect(try owner("10.9.0.0/16") == "an address of this host, 10.1.2.3/8")
        #expect(try owner("172.18.0.0/16") == "a route of this host, 172.16.0.0/12")
        #expect(try owner("192.168.11.0/24") == nil)
    }

    @Test func fourThousandNetworksAreDisjoint() throws {
        var occupants: [SubnetChooser.Occupant] = []
        for _ in 0..<256 {
            let subnet = try SubnetChooser(occupants: occupants).choose(from: [SubnetChooser.userPool])
            #expect(!occupants.contains { $0.subnet.overlaps(subnet) })
            occupants.append(.init(subnet, .route))
        }
        let all = SubnetChooser(occupants: [.init(try #require(Subnet("10.64.0.0/10")), .route)])
        let error = #expect(throws: OperationError.self) { try all.choose(from: [SubnetChooser.userPool]) }
        #expect(error?.description == "all predefined address pools have been fully subnetted")
    }
}
