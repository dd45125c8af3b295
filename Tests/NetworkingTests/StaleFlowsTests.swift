import Core
import Testing

@testable import Netlink
@testable import Networking

struct StaleFlowsTests {
    private let container = Subnet(address("10.1.0.5"), 24)
    private let host = [address("203.0.113.1"), address("127.0.0.1")]
    private let ports = [
        PortMapping(hostAddress: .anyIPv4, hostPort: 53, containerPort: 5353, transport: .udp),
        PortMapping(hostAddress: address("127.0.0.1"), hostPort: 54, containerPort: 54, transport: .udp),
    ]

    private func isStale(
        _ transport: UInt8 = 17, to destination: String, _ port: UInt16, reachedBy source: String,
        _ sourcePort: UInt16
    ) -> Bool {
        let client = address("198.51.100.7")
        let original = FlowTuple(
            source: client, destination: address(destination), transport: transport, sourcePort: 4000,
            destinationPort: port)
        let reply = FlowTuple(
            source: address(source), destination: client, transport: transport, sourcePort: sourcePort,
            destinationPort: 4000)
        return StaleFlows.isStale(FlowInfo(original: original, reply: reply, name: [:]), ports, host, container)
    }

    @Test func flowsToThePortThatGoElsewhere() {
        #expect(isStale(to: "203.0.113.1", 53, reachedBy: "203.0.113.1", 53), "never translated")
        #expect(isStale(to: "203.0.113.1", 53, reachedBy: "10.1.0.4", 5353), "to a container before this one")
        #expect(isStale(to: "203.0.113.1", 53, reachedBy: "10.1.0.5", 53), "to another port of it")
        #expect(isStale(to: "127.0.0.1", 54, reachedBy: "127.0.0.1", 54), "to the one address that is published")
    }

    @Test func allOthersAreLeftAlone() {
        #expect(!isStale(to: "203.0.113.1", 53, reachedBy: "10.1.0.5", 5353), "right already")
        #expect(!isStale(to: "192.0.2.9", 53, reachedBy: "192.0.2.9", 53), "another host's port")
        #expect(!isStale(to: "203.0.113.1", 55, reachedBy: "203.0.113.1", 55), "another port")
        #expect(!isStale(to: "203.0.113.1", 54, reachedBy: "203.0.113.1", 54), "an address that is not published")
        #expect(!isStale(6, to: "203.0.113.1", 53, reachedBy: "203.0.113.1", 53), "TCP")
    }
}

private func address(_ text: String) -> IPAddress { IPAddress(text) ?? .anyIPv4 }
