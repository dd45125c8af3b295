import Core
import Netlink
import Testing

@testable import Firewall

@Suite struct IntentRulesTests {
    private let network = NetworkIntent.testbridge
    private var internalNetwork: NetworkIntent {
        NetworkIntent(bridge: network.bridge, gateway: network.gateway, gateway6: network.gateway6, isInternal: true)
    }

    @Test func rulesOfANetwork() {
        let established = "-m conntrack --ctstate RELATED,ESTABLISHED"
        let translated = "-m conntrack --ctstate DNAT"
        #expect(
            IntentRules.rules(of: network).map(\.description) == [
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

    @Test func rulesOfANetworkWithIPv6() {
        let established = "-m conntrack --ctstate RELATED,ESTABLISHED"
        let translated = "-m conntrack --ctstate DNAT"
        let rules = IntentRules.rules(of: .testbridge6)
        #expect(Array(rules.prefix(9)) == IntentRules.rules(of: network))
        #expect(
            rules.dropFirst(9).map { "\($0.table) \($0)" } == [
                "ip6 filter -A MYDOCKER-FORWARD -o testbridge \(established) -j ACCEPT",
                "ip6 filter -A MYDOCKER-FORWARD -o testbridge \(translated) -j ACCEPT",
                "ip6 filter -A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT",
                "ip6 filter -A MYDOCKER-FORWARD -o testbridge -j DROP",
                "ip6 filter -A MYDOCKER-EGRESS -i testbridge -j ACCEPT",
                "ip6 nat -A MYDOCKER-POSTROUTING -s fd00:10::/64 ! -o testbridge -j MASQUERADE",
                "ip6 nat -A MYDOCKER-POSTROUTING -s fd00:10::/64 -o testbridge \(translated) -j SNAT --to-source fd00:10::1",
            ])
    }

    /// How neighbours find each other is not tracked, and goes to addresses of the link.
    @Test func S7_anInternalNetworkOfIPv6HasNoWayOutOrIn() {
        let network = NetworkIntent(
            bridge: "testbridge", gateway: network.gateway, gateway6: NetworkIntent.testbridge6.gateway6,
            isInternal: true)
        let unknown = "-m conntrack ! --ctstate RELATED,ESTABLISHED,UNTRACKED"
        #expect(
            IntentRules.rules(of: network).filter { $0.table == .filter6 }.map(\.description) == [
                "-A MYDOCKER-ISOLATE -i testbridge ! -o testbridge -j DROP",
                "-A MYDOCKER-ISOLATE ! -i testbridge -o testbridge -j DROP",
                "-A MYDOCKER-INPUT ! -d fd00:10::/64 -i testbridge \(unknown) -j DROP",
                "-A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT",
            ])
    }

    @Test func rulesOfANetworkOfIPv6Alone() throws {
        let both = NetworkIntent.testbridge6
        let alone = NetworkIntent(bridge: both.bridge, gateway: nil, gateway6: both.gateway6, isInternal: false)
        #expect(IntentRules.rules(of: alone) == Array(IntentRules.rules(of: both).dropFirst(9)))
        #expect(alone.creation.tables == [.filter6, .nat6])
        let address6 = try #require(IPAddress("fd00::2"))
        let ports = [
            PortMapping(hostPort: 90, containerPort: 80),
            PortMapping(hostAddress: .anyIPv6, hostPort: 90, containerPort: 80),
        ]
        let published = PublishedPorts(endpoint: .unknown, address: nil, address6: address6, ports: ports)
        #expect(IntentRules.rules(of: published).map(\.target) == [.dnat(to: address6, ports: 80...80)])
    }

    /// A kernel need not have IPv6, nor its legacy tables, and of nftables those do not matter.
    @Test func familiesThatAFirewallCanHaveRulesOf() {
        for backend in FirewallBackend.allCases {
            var isAsked = false
            func filters(_ answer: Bool) -> Bool {
                isAsked = true
                return answer
            }
            let none = backend.families(hasIPv6: false, filtersIPv6: filters(true))
            #expect(none == [.ipv4] && !isAsked)
            let all = backend.families(hasIPv6: true, filtersIPv6: filters(true))
            #expect(all == [.ipv4, .ipv6] && isAsked == (backend == .iptables))
            let without = backend.families(hasIPv6: true, filtersIPv6: filters(false))
            #expect(without == (backend == .iptables ? [.ipv4] : [.ipv4, .ipv6]))
        }
    }

    /// Members of one without addresses reach each other, where bridges ask.
    @Test func rulesOfANetworkWithoutAddresses() {
        let bare = NetworkIntent(bridge: "testbridge", gateway: nil, isInternal: false)
        #expect(
            IntentRules.rules(of: bare).map(\.description) == [
                "-A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT"
            ])
        #expect(bare.creation.tables == [.filter, .nat])
        var both = bare
        both.memberFamilies = [.ipv4, .ipv6]
        #expect(
            IntentRules.rules(of: both).map { "\($0.table) \($0)" } == [
                "filter -A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT",
                "ip6 filter -A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT",
            ])
        #expect(both.creation.tables == [.filter, .nat, .filter6, .nat6])
    }

    /// Ports of an address of IPv6 go to the container's own of IPv6, and to none where it has none.
    @Test func portsStayInTheirFamily() throws {
        let ports = [
            PortMapping(hostPort: 90, containerPort: 80),
            PortMapping(hostAddress: .anyIPv6, hostPort: 90, containerPort: 80),
        ]
        let address6 = try #require(IPAddress("fd00::2"))
        let both = PublishedPorts(endpoint: .unknown, address: .loopbackIPv4, address6: address6, ports: ports)
        #expect(IntentRules.rules(of: both).map(\.table) == [.nat, .nat6])
        #expect(
            IntentRules.rules(of: both).map(\.target) == [
                .dnat(to: .loopbackIPv4, ports: 80...80), .dnat(to: address6, ports: 80...80),
            ])
        let one = PublishedPorts(endpoint: .unknown, address: .loopbackIPv4, ports: ports)
        #expect(IntentRules.rules(of: one).map(\.table) == [.nat])
        #expect(FirewallChange(establishing: FirewallIntent(published: [both])).tables == [.nat, .nat6])
        #expect(NetworkIntent.testbridge6.creation.tables == [.filter, .nat, .filter6, .nat6])
    }

    /// By the lines that differ from those of a usual network.
    private func differences(_ change: (inout NetworkIntent) -> Void) -> [String] {
        var other = network
        change(&other)
        return IntentRules.rules(of: other).map(\.description).difference(
            from: IntentRules.rules(of: network).map(\.description)
        ).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }.sorted()
    }

    @Test func whatOptionsChange() {
        let own = "-A MYDOCKER-FORWARD -i testbridge -o testbridge -j"
        #expect(differences { $0.membersMeet = false } == ["+ \(own) DROP", "- \(own) ACCEPT"])
        let masquerade = "-A MYDOCKER-POSTROUTING -s 192.168.10.0/24 ! -o testbridge -j MASQUERADE"
        #expect(differences { $0.masquerades = false } == ["- \(masquerade)"])
        #expect(
            differences { $0.open = [.ipv4] } == [
                "+ -A MYDOCKER-FORWARD -o testbridge -j ACCEPT", "- -A MYDOCKER-FORWARD -o testbridge -j DROP",
            ])
        #expect(differences { $0.open = [.ipv6] } == [])
        #expect(
            differences { $0.routed = [.ipv4] } == [
                "+ -A MYDOCKER-FORWARD -o testbridge -p icmp -j ACCEPT", "- \(masquerade)",
            ])
        #expect(
            differences { $0.trustedInterfaces = ["eth0", "wg0"] } == [
                "+ -A MYDOCKER-FORWARD -i eth0 -o testbridge -j ACCEPT",
                "+ -A MYDOCKER-FORWARD -i wg0 -o testbridge -j ACCEPT",
            ])
        #expect(differences { $0.hasHostAddress = false }.allSatisfy { $0.hasPrefix("- ") && $0.contains("SNAT") })
        #expect(differences { $0.hasHostAddress = false }.count == 2)
    }

    /// Nothing is translated; the rest is kept out by the network's last rule, which comes behind.
    @Test func openPortsAreLetInAtTheContainersOwnAddress() throws {
        func port(_ number: UInt16, _ transport: TransportProtocol, _ host: IPAddress = .anyIPv4) -> PortMapping {
            PortMapping(hostAddress: host, hostPort: number, containerPort: number, transport: transport)
        }
        let published = PublishedPorts(
            endpoint: .random(), address: IPAddress("10.7.0.2"), address6: IPAddress("fd00:7::2"),
            ports: [],
            openPorts: [port(80, .tcp), port(81, .tcp), port(53, .udp), port(80, .tcp, .anyIPv6)])
        let comment = "-m comment --comment mydocker-\(published.endpoint.short) -j ACCEPT"
        #expect(
            IntentRules.rules(of: published).map(\.description) == [
                "-A MYDOCKER-FORWARD -d 10.7.0.2/32 -p tcp -m tcp --dport 80:81 \(comment)",
                "-A MYDOCKER-FORWARD -d 10.7.0.2/32 -p udp -m udp --dport 53 \(comment)",
                "-A MYDOCKER-FORWARD -d fd00:7::2/128 -p tcp -m tcp --dport 80 \(comment)",
            ])
        let change = FirewallChange(establishing: FirewallIntent(published: [published]))
        #expect(change.tables == [.filter, .nat, .filter6, .nat6])
    }

    /// What is about one network or endpoint need not know the rules of a thousand others.
    @Test func whatAChangeIsAbout() throws {
        func chains(_ change: FirewallChange, _ table: FirewallTable) -> Set<String> {
            PacketTableScope(change.scope, table).chains
        }
        let port = PublishedPorts("0123456789ab", Golden.mappings)
        #expect(chains(port.disconnection, .nat) == ["MYDOCKER-DNAT"])
        #expect(chains(port.connection, .nat) == ["MYDOCKER-DNAT", "OUTPUT", "POSTROUTING", "PREROUTING"])
        #expect(chains(port.connection, .filter) == ["MYDOCKER-FORWARD", "FORWARD", "INPUT"])
        #expect(
            chains(network.creation, .nat) == [
                "MYDOCKER-POSTROUTING", "MYDOCKER-NAT-testbridge", "MYDOCKER-DNAT", "OUTPUT", "POSTROUTING",
                "PREROUTING",
            ])
        // Whose a port is, no key says; and no network has any.
        let maps = Set(PublishingMaps.all.map(\.name))
        #expect(PacketTableScope(port.connection.scope, .nat).maps == maps)
        #expect(PacketTableScope(port.disconnection.scope, .nat).maps == maps)
        #expect(PacketTableScope(port.connection.scope, .filter).maps == [])
        #expect(PacketTableScope(network.creation.scope, .nat).maps == [])
        let elements = PacketTableScope(network.creation.scope, .nat).elements
        #expect(elements["MYDOCKER-POSTROUTING-oifname"] == [.interface("testbridge")])
        #expect(elements["MYDOCKER-POSTROUTING-saddr"] == [.subnet(try #require(Subnet("192.168.10.0/24")))])
        #expect(network.removal.scope.isWhole && !network.removal.scope.isMended && network.creation.scope.isMended)
        #expect(FirewallChange(clearing: [port.owner], withChains: false).scope.isWhole)
        let many = FirewallIntent(
            networks: (0..<100).map { NetworkIntent(bridge: "b\($0)", gateway: nil, isInternal: false) })
        #expect(FirewallChange(establishing: many).scope.isWhole)
    }

    /// All of them carry the bridge, by which they are found again.
    @Test func whatOptionsAddIsTheNetworks() {
        var other = network
        other.trustedInterfaces = ["eth0"]
        #expect(IntentRules.rules(of: other).allSatisfy { $0.owner == .network(bridge: "testbridge") })
    }

    @Test func B20_thereIsOneMasqueradeForANetwork() {
        #expect(IntentRules.rules(of: network).filter { $0.description.contains("MASQUERADE") }.count == 1)
    }

    @Test func S7_anInternalNetworkHasNoWayOutOrIn() {
        let unknown = "-m conntrack ! --ctstate RELATED,ESTABLISHED"
        let translated = "-m conntrack --ctstate DNAT"
        #expect(
            IntentRules.rules(of: internalNetwork).map(\.description) == [
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
        let jumps = IntentRules.layout(of: .ipv4).headJumps.filter { $0.chain == "FORWARD" }.map(\.description)
        #expect(
            jumps == [
                "-A FORWARD -j MYDOCKER-USER", "-A FORWARD -j MYDOCKER-ISOLATE", "-A FORWARD -j MYDOCKER-FORWARD",
                "-A FORWARD -j MYDOCKER-EGRESS",
            ])
    }

    @Test func publishedPortsCarryTheirOwner() {
        let published = PublishedPorts(
            "0123456789ab",
            [
                PortMapping(hostPort: 90, containerPort: 80),
                PortMapping(hostAddress: .loopbackIPv4, hostPort: 53, containerPort: 53, transport: .udp),
            ])
        let owner = "-m comment --comment mydocker-0123456789ab"
        #expect(
            Set(IntentRules.rules(of: published).map(\.description)) == [
                "-A MYDOCKER-DNAT -p tcp -m tcp --dport 90 \(owner) -j DNAT --to-destination 192.168.10.2:80",
                "-A MYDOCKER-DNAT -d 127.0.0.1/32 -p udp -m udp --dport 53 \(owner) -j DNAT --to-destination 192.168.10.2:53",
            ])
    }

    /// Each table is a read and a write of all of it.
    @Test func noTableIsReadInVain() {
        let published = PublishedPorts("0123456789ab", [.tcp(90, 80)])
        #expect(published.connection.tables == [.nat])
        #expect(published.disconnection.tables == [.nat] && published.disconnection.layouts == .leave)
        let routed = FirewallChange(withdrawing: published.owner, of: [.ipv6], withOpenPorts: true)
        #expect(routed.tables == [.filter6, .nat6] && routed.layouts == .leave)
        #expect(PacketTableScope(routed.scope, .filter6).chains == ["MYDOCKER-FORWARD"])
        #expect(PacketTableScope(routed.scope, .nat6).chains == ["MYDOCKER-DNAT"])
        #expect(network.creation.tables == [.filter, .nat])
        #expect(network.removal.tables == [.filter, .nat])
        let nothing = FirewallChange(establishing: FirewallIntent())
        #expect(nothing.tables == [] && nothing.layouts == .leave)
    }
}
