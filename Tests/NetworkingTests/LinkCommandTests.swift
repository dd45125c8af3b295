import Core
import Netlink
import Testing

@testable import Networking

/// Requests and plans as commands. Nothing here changes this host.
@Suite struct LinkCommandTests {
    private let firewall = IntentFirewall()
    private var driver: BridgeDriver { BridgeDriver(HostFirewalls([.iptables: firewall])) }

    private func lines(_ plan: NetworkPlan) throws -> [String] {
        try driver.commands(for: plan) { _ in false }.map(\.description)
    }

    @Test func aBridgeBeforeItIsUsed() throws {
        let network = try NetworkDefinition.example("mydockertest000")
        let lines = try lines(NetworkPlan([network], [], upon: .nothing)).filter { !$0.contains(" mtu ") }
        let settings = ["ipv4", "ipv4", "ipv6", "ipv6"]
        let names = ["route_localnet=1", "rp_filter=1", "accept_ra=0", "disable_ipv6=1"]
        let flags = ["-w", "-w", "-e -w", "-e -w"]
        #expect(
            lines == [
                "ip link add name mydockertest000 address 02:42:c0:a8:0a:01 type bridge",
                "ip link set dev mydockertest000 alias mydocker:\(network.id.short)",
                "ip address add 192.168.10.1/24 broadcast 192.168.10.255 dev mydockertest000",
            ]
                + (0..<4).map { "sysctl \(flags[$0]) net/\(settings[$0])/conf/mydockertest000/\(names[$0])" } + [
                    "ip link set dev mydockertest000 up", "sysctl -w net/ipv4/ip_forward=1", "rules of mydockertest000",
                ])
    }

    @Test func anEndpointOnANetworkThatIsThere() throws {
        let network = try NetworkDefinition.example("mydockertest000")
        var endpoint = try network.member(ports: [PortMapping(hostPort: 80, containerPort: 80)]).endpoint
        endpoint.mtu = 1400
        let member = NetworkPlan.Member(endpoint, on: network, in: "web", leading: [.ipv4])
        let lines = try lines(NetworkPlan([], [member], upon: .nothing))
        let link = endpoint.hostInterface
        let queues = "mtu 1400 numtxqueues 1 numrxqueues 1"
        let filter = endpoint.port(0).filterText
        #expect(
            lines.filter { !$0.contains("addrgenmode") } == [
                "ip link add name \(link) \(queues) master mydockertest000 type veth peer name eth0 "
                    + "address 02:42:c0:a8:0a:02 \(queues) netns web",
                "ip link set dev \(link) type bridge_slave hairpin on learning off",
                "bridge fdb replace 02:42:c0:a8:0a:02 dev \(link) master static sticky",
                "tc qdisc add dev \(link) ingress",
                "tc filter add dev \(link) ingress protocol all prio 1 handle 1 bpf direct-action bytecode '\(filter)'",
                "ip link set dev \(link) up", "ip -n web link set dev lo up",
                "ip -n web address add 192.168.10.2/24 broadcast 192.168.10.255 dev eth0",
                "ip -n web link set dev eth0 up", "ip -n web route add default via 192.168.10.1 dev eth0",
                "ip -n web neighbour replace 192.168.10.1 lladdr 02:42:c0:a8:0a:01 dev eth0 nud permanent",
                "ports of \(endpoint.id.short)",
            ])
        #expect(filter.hasPrefix("22,128 0 0 0,") && filter.split(separator: ",").count == 23)
    }

    /// The interface of somebody else is refused as it is when it is made.
    @Test func whatCannotBeMade() throws {
        let network = try NetworkDefinition.example("lo")
        #expect(throws: OperationError.self) { try lines(NetworkPlan([network], [], upon: .found)) }
    }

    @Test func dockersChainGetsThemInFrontOfItsReturn() throws {
        let found = [
            FoundRule(handle: 1, comment: nil, isBareReturn: false),
            FoundRule(handle: 2, comment: "mydocker: br0", isBareReturn: false),
            FoundRule(handle: 3, comment: nil, isBareReturn: true),
        ]
        let network = try NetworkDefinition.example("br0")
        let lines = DockerUserChain(.ipv4).commands(admitting: network, among: found).map(\.description)
        #expect(lines.count == 5)
        #expect(
            lines[1] == "iptables-nft -I DOCKER-USER 3 -i br0 -o docker+ -m comment --comment 'mydocker: br0' -j RETURN"
        )
        #expect(lines[4] == "iptables-nft -I DOCKER-USER 6 -o br0 -m comment --comment 'mydocker: br0' -j ACCEPT")
    }
}
