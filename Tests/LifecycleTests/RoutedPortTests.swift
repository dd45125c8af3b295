import Core
import Lifecycle
import TestSupport
import Testing

/// What is published on a network whose members are reached at their own addresses.
@Suite struct RoutedPorts {
    private func requests(_ texts: String...) throws -> [PublishRequest] {
        try texts.map { text in try PublishRequest(parsing: text) }
    }

    private func network(_ routed: [AddressFamily]) throws -> NetworkDefinition {
        var network = try Place().network("routed", "10.1.2.1/24")
        network.gateway6 = Subnet("fd00:1::1/64")
        if routed.contains(.ipv4) { network.options.gatewayMode = .routed }
        if routed.contains(.ipv6) { network.options.gatewayMode6 = .routed }
        return network
    }

    /// No port of this host, so neither the number of open files nor the same port twice is in the way.
    @Test func noPortOfThisHostIsTaken() throws {
        let all = try requests("1-65535:1-65535", "80:8080", "80:8081", "127.0.0.1:9:9", "[::]:7:7")
        #expect(try network([.ipv4, .ipv6]).portsOfHost(all).isEmpty)
        #expect(try network([]).portsOfHost(all) == all)
        // Of the other family they are taken still.
        #expect(try network([.ipv4]).portsOfHost(all) == all.filter { $0.hostAddress != .loopbackIPv4 })
        #expect(try network([.ipv6]).portsOfHost(all) == all.filter { $0.hostAddress != .anyIPv6 })
    }

    @Test func whatIsForOneAddressIsNotOpenedToEverybody() throws {
        let all = try requests("80:8080", "127.0.0.1:81:8081", "[::1]:82:8082")
        #expect(
            try network([.ipv4, .ipv6]).openPorts(all).map(\.description) == [
                "0.0.0.0:8080->8080/tcp", "[::]:8080->8080/tcp",
            ])
        #expect(try network([.ipv4]).openPorts(all).map(\.description) == ["0.0.0.0:8080->8080/tcp"])
        #expect(try network([]).openPorts(all).isEmpty)
    }
}
