import Core

@testable import Firewall

/// The documented example: a network on a bridge, and endpoints with published ports.
extension NetworkIntent {
    static let testbridge = NetworkIntent(
        bridge: "testbridge", gateway: Subnet(IPAddress(ipv4: 0xc0a8_0a01), 24), isInternal: false)

    static let testbridge6 = NetworkIntent(
        bridge: "testbridge", gateway: testbridge.gateway, gateway6: Subnet("fd00:10::1/64"), isInternal: false)

    var creation: FirewallChange { FirewallChange(establishing: FirewallIntent(networks: [self])) }
    var removal: FirewallChange { FirewallChange(withdrawing: owner, of: gateways.map(\.family)) }
    var rules: [FirewallRule] { IntentRules.rules(of: self) }
}

extension PublishedPorts {
    /// - Parameter id: the first 12 digits of the endpoint's.
    init(_ id: String, _ ports: [PortMapping], to address: String = "192.168.10.2") {
        self.init(
            endpoint: EndpointID(id + String(repeating: "0", count: 52)) ?? .unknown,
            address: IPAddress(address) ?? .anyIPv4, ports: ports)
    }

    var connection: FirewallChange { FirewallChange(establishing: FirewallIntent(published: [self])) }
    var disconnection: FirewallChange { FirewallChange(withdrawing: owner, of: [.ipv4]) }
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
        -N MYDOCKER-ISOLATE
        -N MYDOCKER-USER
        -A INPUT -j MYDOCKER-INPUT
        -A FORWARD -j MYDOCKER-USER
        -A FORWARD -j MYDOCKER-ISOLATE
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
