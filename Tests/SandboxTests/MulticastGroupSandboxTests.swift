import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Netlink

/// When neighbours that ask for an address of IPv6 are heard.
@Suite(.serialized) struct MulticastGroupSandboxTests {
    /// A veth pair, both ends in one fresh namespace, one of them configured as a container's.
    private func withLink(_ body: (_ socket: inout RouteSocket, _ address: IPAddress) throws -> Void) throws {
        try inFreshNetwork {
            try run(["/usr/sbin/ip", "link", "add", "nltg", "type", "veth", "peer", "name", "nlth"])
            var socket = try RouteSocket()
            try socket.setUp(.named("nlth"))
            let subnet = try #require(Subnet("fd00:213::abcd:7/64"))
            try socket.configureContainer(
                ContainerNetworkRequest(interface: "nltg", addresses: [subnet], gateways: []))
            try body(&socket, subnet.address)
        }
    }

    private func groups(of link: String) throws -> [String] {
        try String(contentsOfFile: "/proc/thread-self/net/igmp6", encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: " ") }.filter { $0[1] == link }.map { String($0[2]) }
    }

    /// The kernel's own list, asked right behind it. Of 40 addresses some ten would be too late without the wait.
    @Test func theyAreHeardOnceItHasSettled() throws {
        for _ in 0..<40 {
            try withLink { socket, address in
                try socket.settle(address, on: "nltg")
                #expect(try groups(of: "nltg").contains("ff0200000000000000000001ffcd0007"))
            }
        }
    }

    /// Not for ever: here for an address that the link does not have.
    @Test func anAddressThatNeverComes() throws {
        try withLink { socket, _ in
            let clock = ContinuousClock()
            let other = try #require(IPAddress("fd00:213::8"))
            let time = try clock.measure { try socket.settle(other, on: "nltg") }
            #expect((.milliseconds(300)...(.seconds(2))).contains(time), "\(time)")
        }
    }

    @Test func nothingIsWaitedForWhereNothingComes() throws {
        try withLink { socket, address in
            let clock = ContinuousClock()
            let time = try clock.measure {
                try socket.settle(address, on: "nosuch")
                try socket.settle(IPAddress(ipv4: 0x0a00_0001), on: "nltg")
                // A link that never had IPv6 has no groups of it.
                try run(["/usr/sbin/ip", "link", "add", "nltl", "mtu", "1000", "type", "veth", "peer", "name", "nltm"])
                try socket.settle(address, on: "nltl")
            }
            #expect(time < .milliseconds(250), "\(time)")
        }
    }
}
