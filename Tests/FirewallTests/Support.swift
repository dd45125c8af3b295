import Core
import Firewall

/// The rules that a network on a bridge has, with the documented example's names.
struct ExampleNetwork {
    let bridge: String
    let subnet: Subnet
    let gateway: IPAddress

    static let testbridge = ExampleNetwork(
        bridge: "testbridge", subnet: Subnet(IPAddress(ipv4: 0xc0a8_0a00), 24),
        gateway: IPAddress(ipv4: 0xc0a8_0a01))

    static let layout = FirewallLayout(
        chains: [
            .init(.filter, "MYDOCKER-USER"), .init(.filter, "MYDOCKER-FORWARD"), .init(.filter, "MYDOCKER-EGRESS"),
            .init(.filter, "MYDOCKER-INPUT"), .init(.nat, "MYDOCKER-DNAT"), .init(.nat, "MYDOCKER-POSTROUTING"),
        ],
        headJumps: [
            FirewallRule(.filter, "FORWARD", target: .jump("MYDOCKER-USER")),
            FirewallRule(.filter, "FORWARD", target: .jump("MYDOCKER-FORWARD")),
            FirewallRule(.filter, "FORWARD", target: .jump("MYDOCKER-EGRESS")),
            FirewallRule(.filter, "INPUT", target: .jump("MYDOCKER-INPUT")),
        ],
        tailJumps: [
            FirewallRule(
                .nat, "PREROUTING", destination: .not(loopback), isToLocalAddress: true,
                target: .jump("MYDOCKER-DNAT")),
            FirewallRule(.nat, "OUTPUT", isToLocalAddress: true, target: .jump("MYDOCKER-DNAT")),
            FirewallRule(.nat, "POSTROUTING", target: .jump("MYDOCKER-POSTROUTING")),
        ])

    static let loopback = Subnet(.loopbackIPv4, 8)
    static let known: FirewallRule.States = [.related, .established]

    var owner: FirewallOwner { .network(bridge: bridge) }

    var rules: [FirewallRule] { filterRules + natRules }

    private var filterRules: [FirewallRule] {
        [
            FirewallRule(
                .filter, "MYDOCKER-FORWARD", output: .yes(bridge), states: .yes(Self.known), target: .accept),
            FirewallRule(.filter, "MYDOCKER-FORWARD", output: .yes(bridge), states: .yes(.dnat), target: .accept),
            FirewallRule(
                .filter, "MYDOCKER-FORWARD", input: .yes(bridge), output: .yes(bridge), target: .accept),
            FirewallRule(.filter, "MYDOCKER-FORWARD", output: .yes(bridge), target: .drop),
            FirewallRule(.filter, "MYDOCKER-EGRESS", input: .yes(bridge), target: .accept),
            FirewallRule(
                .filter, "MYDOCKER-INPUT", destination: .yes(Self.loopback), input: .yes(bridge),
                states: .not(Self.known), target: .drop),
        ]
    }

    private var natRules: [FirewallRule] {
        [
            FirewallRule(
                .nat, "MYDOCKER-POSTROUTING", source: .yes(subnet), output: .not(bridge), target: .masquerade),
            FirewallRule(
                .nat, "MYDOCKER-POSTROUTING", source: .yes(subnet), output: .yes(bridge), states: .yes(.dnat),
                target: .snat(to: gateway)),
            FirewallRule(
                .nat, "MYDOCKER-POSTROUTING", source: .yes(Self.loopback), output: .yes(bridge),
                states: .yes(.dnat), target: .snat(to: gateway)),
        ]
    }

    var creation: FirewallChange {
        var change = FirewallChange([.filter, .nat], layout: .ensure(Self.layout))
        change.set(owner, rules)
        return change
    }

    var removal: FirewallChange {
        var change = FirewallChange([.filter, .nat], layout: .removeUnused(Self.layout))
        change.remove(owner)
        return change
    }

    static func connect(_ id: String, _ mappings: [PortMapping], to address: String) -> FirewallChange {
        var change = FirewallChange([.nat], layout: .ensure(layout))
        let owner = FirewallOwner.endpoint(id)
        let address = IPAddress(address) ?? .anyIPv4
        change.set(owner, FirewallRule.publishing(mappings, in: "MYDOCKER-DNAT", to: address, owner: owner))
        return change
    }

    static func disconnect(_ id: String) -> FirewallChange {
        var change = FirewallChange([.nat])
        change.remove(.endpoint(id))
        return change
    }
}

extension PortMapping {
    static func tcp(_ hostPort: UInt16, _ containerPort: UInt16, _ address: IPAddress = .anyIPv4) -> PortMapping {
        PortMapping(hostAddress: address, hostPort: hostPort, containerPort: containerPort)
    }
}

/// What `iptables -S` prints after the example network was created and one container connected.
enum Golden {
    static let filter = """
        -P INPUT ACCEPT
        -P FORWARD ACCEPT
        -P OUTPUT ACCEPT
        -N MYDOCKER-EGRESS
        -N MYDOCKER-FORWARD
        -N MYDOCKER-INPUT
        -N MYDOCKER-USER
        -A INPUT -j MYDOCKER-INPUT
        -A FORWARD -j MYDOCKER-USER
        -A FORWARD -j MYDOCKER-FORWARD
        -A FORWARD -j MYDOCKER-EGRESS
        -A MYDOCKER-EGRESS -i testbridge -j ACCEPT
        -A MYDOCKER-FORWARD -o testbridge -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A MYDOCKER-FORWARD -o testbridge -m conntrack --ctstate DNAT -j ACCEPT
        -A MYDOCKER-FORWARD -i testbridge -o testbridge -j ACCEPT
        -A MYDOCKER-FORWARD -o testbridge -j DROP
        -A MYDOCKER-INPUT -d 127.0.0.0/8 -i testbridge -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP
        """

    static let nat = """
        -P PREROUTING ACCEPT
        -P INPUT ACCEPT
        -P OUTPUT ACCEPT
        -P POSTROUTING ACCEPT
        -N MYDOCKER-DNAT
        -N MYDOCKER-POSTROUTING
        -A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j MYDOCKER-DNAT
        -A OUTPUT -m addrtype --dst-type LOCAL -j MYDOCKER-DNAT
        -A POSTROUTING -j MYDOCKER-POSTROUTING
        -A MYDOCKER-DNAT -d 127.0.0.1/32 -p tcp -m tcp --dport 90 -m comment --comment mydocker-0123456789ab -j DNAT --to-destination 192.168.10.2:90
        -A MYDOCKER-DNAT -p tcp -m tcp --dport 8000:8009 -m comment --comment mydocker-0123456789ab -j DNAT --to-destination 192.168.10.2
        -A MYDOCKER-DNAT -p tcp -m tcp --dport 7000:7003 -m comment --comment mydocker-0123456789ab -j DNAT --to-destination 192.168.10.2:9000-9003/7000
        -A MYDOCKER-POSTROUTING -s 192.168.10.0/24 ! -o testbridge -j MASQUERADE
        -A MYDOCKER-POSTROUTING -s 192.168.10.0/24 -o testbridge -m conntrack --ctstate DNAT -j SNAT --to-source 192.168.10.1
        -A MYDOCKER-POSTROUTING -s 127.0.0.0/8 -o testbridge -m conntrack --ctstate DNAT -j SNAT --to-source 192.168.10.1
        """

    static let mappings: [PortMapping] =
        [.tcp(90, 90, .loopbackIPv4)] + (8000...8009).map { .tcp($0, $0) } + (7000...7003).map { .tcp($0, $0 + 2000) }
}
