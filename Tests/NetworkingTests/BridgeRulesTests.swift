import Core
import Networking
import Testing

@Suite struct BridgeRulesTests {
    private func network(isInternal: Bool = false) throws -> NetworkDefinition {
        NetworkDefinition(
            id: .random(), name: try #require(Name("testbridge")), driver: "bridge",
            gateway: try #require(Subnet("192.168.10.1/24")), device: "testbridge", mtu: nil, isInternal: isInternal,
            labels: [:], created: .now())
    }

    @Test func rulesOfANetwork() throws {
        let established = "-m conntrack --ctstate RELATED,ESTABLISHED"
        let translated = "-m conntrack --ctstate DNAT"
        #expect(
            BridgeRules.rules(of: try network()).map(\.description) == [
                "-A MYDOCKER-FORWARD -o testbridge \(established) -j ACCEPT",
                "-A MYDOCKER-FORWARD -o testbridge \(translated) -j ACCEPT",
                "-A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT",
                "-A MYDOCKER-FORWARD -o testbridge -j DROP",
                "-A MYDOCKER-INPUT -d 127.0.0.0/8 -i testbridge -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP",
                "-A MYDOCKER-EGRESS -i testbridge -j ACCEPT",
                "-A MYDOCKER-POSTROUTING -s 192.168.10.0/24 ! -o testbridge -j MASQUERADE",
                "-A MYDOCKER-POSTROUTING -s 192.168.10.0/24 -o testbridge \(translated) -j SNAT --to-source 192.168.10.1",
                "-A MYDOCKER-POSTROUTING -s 127.0.0.0/8 -o testbridge \(translated) -j SNAT --to-source 192.168.10.1",
            ])
    }

    @Test func B20_thereIsOneMasqueradeForANetwork() throws {
        #expect(BridgeRules.rules(of: try network()).filter { $0.description.contains("MASQUERADE") }.count == 1)
    }

    @Test func S7_anInternalNetworkHasNoWayOutOrIn() throws {
        let unknown = "-m conntrack ! --ctstate RELATED,ESTABLISHED"
        let translated = "-m conntrack --ctstate DNAT"
        #expect(
            BridgeRules.rules(of: try network(isInternal: true)).map(\.description) == [
                "-A MYDOCKER-ISOLATE -i testbridge ! -o testbridge -j DROP",
                "-A MYDOCKER-ISOLATE ! -i testbridge -o testbridge -j DROP",
                "-A MYDOCKER-INPUT ! -d 192.168.10.0/24 -i testbridge \(unknown) -j DROP",
                "-A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT",
                "-A MYDOCKER-INPUT -d 127.0.0.0/8 -i testbridge \(unknown) -j DROP",
                "-A MYDOCKER-POSTROUTING -s 192.168.10.0/24 -o testbridge \(translated) -j SNAT --to-source 192.168.10.1",
                "-A MYDOCKER-POSTROUTING -s 127.0.0.0/8 -o testbridge \(translated) -j SNAT --to-source 192.168.10.1",
            ])
    }

    /// The user's own rules come first, and what is internal is decided before any network lets something in.
    @Test func S7_internalNetworksAreDecidedFirst() {
        let jumps = BridgeRules.layout.headJumps.filter { $0.chain == "FORWARD" }.map(\.description)
        #expect(
            jumps == [
                "-A FORWARD -j MYDOCKER-USER", "-A FORWARD -j MYDOCKER-ISOLATE", "-A FORWARD -j MYDOCKER-FORWARD",
                "-A FORWARD -j MYDOCKER-EGRESS",
            ])
    }

    @Test func publishedPortsCarryTheirOwner() throws {
        let id = ContainerID.random()
        let endpoint = Endpoint(
            id: id, network: try #require(Name("br0")), networkID: .random(),
            address: try #require(Subnet("192.168.10.2/24")),
            gateway: nil, mac: try #require(MACAddress("02:42:c0:a8:0a:02")), interface: "eth0", bridge: "br0",
            mtu: nil,
            ports: [
                PortMapping(hostPort: 90, containerPort: 80),
                PortMapping(hostAddress: .loopbackIPv4, hostPort: 53, containerPort: 53, transport: .udp),
            ])
        #expect(
            Set(BridgeRules.rules(publishing: endpoint).map(\.description)) == [
                "-A MYDOCKER-DNAT -p tcp -m tcp --dport 90 -m comment --comment mydocker-\(id.short) -j DNAT --to-destination 192.168.10.2:80",
                "-A MYDOCKER-DNAT -d 127.0.0.1/32 -p udp -m udp --dport 53 -m comment --comment mydocker-\(id.short) -j DNAT --to-destination 192.168.10.2:53",
            ])
    }
}
