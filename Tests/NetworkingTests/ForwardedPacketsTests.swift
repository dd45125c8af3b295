import Core
import Netlink
import Testing

@testable import Networking

/// What chains of others are asked about a network, without a kernel.
@Suite struct ForwardedPacketsTests {
    private struct Accepting: TraceableRule {
        let isMeant: @Sendable (TracedPacket) -> Bool
        func judge(_ packet: TracedPacket) -> JudgedRule { JudgedRule("accept", Certainty(isMeant(packet)), .accept) }
    }

    /// Of a chain that drops what none of its rules accepts.
    private func areStopped(
        _ packets: ForwardedPackets, unless isMeant: @escaping @Sendable (TracedPacket) -> Bool
    ) -> Bool {
        let chain = TraceableChain(
            "c", .init(.forward, priority: 0, translates: false), drops: true, [Accepting(isMeant: isMeant)])
        return packets.areStopped(by: "c", of: "t", in: [TraceableTable("t", [chain])])
    }

    @Test func whatAMemberSends() throws {
        let packets = ForwardedPackets(of: try .example(), .ipv4, to: "eth0")
        #expect(!packets.isEmpty)
        #expect(areStopped(packets) { _ in false })
        #expect(!areStopped(packets) { $0.input == "web" && $0.output == "eth0" })
        // What is let through for one purpose is stopped for others.
        #expect(!areStopped(packets) { $0.transport == 17 })
        #expect(areStopped(packets) { $0.output == "web" || $0.hasNewDestination })
    }

    @Test func whatComesForPorts() throws {
        let ports = [
            PortMapping(hostPort: 80, containerPort: 8080),
            PortMapping(hostPort: 53, containerPort: 53, transport: .udp),
        ]
        let network = try NetworkDefinition.example()
        let endpoint = try network.member(ports: ports).endpoint
        let packets = ForwardedPackets(for: endpoint, .ipv4, from: "eth0")
        #expect(!areStopped(packets) { $0.input == "eth0" && $0.output == "web" })
        // What lets members out lets nobody in.
        #expect(areStopped(packets) { $0.input == "web" })
        #expect(!areStopped(packets) { $0.hasNewDestination })
        // One port that is stopped is enough.
        #expect(areStopped(packets) { $0.transport == 6 && $0.destinationPort == 8080 })
        #expect(ForwardedPackets(for: endpoint, .ipv6, from: nil).isEmpty)
    }

    @Test func portsThatNothingComesFor() throws {
        let local = PortMapping(hostAddress: .loopbackIPv4, hostPort: 80, containerPort: 80)
        let endpoint = try NetworkDefinition.example().member(ports: [local]).endpoint
        #expect(ForwardedPackets(for: endpoint, .ipv4, from: nil).isEmpty)
    }

    /// Where nothing is translated they are not told by that.
    @Test func portsOfItsOwnAddress() throws {
        var endpoint = try NetworkDefinition.example().member().endpoint
        endpoint.openPorts = [PortMapping(hostPort: 80, containerPort: 80)]
        let packets = ForwardedPackets(for: endpoint, .ipv4, from: "eth0")
        #expect(!packets.isEmpty && areStopped(packets) { $0.hasNewDestination })
    }
}
