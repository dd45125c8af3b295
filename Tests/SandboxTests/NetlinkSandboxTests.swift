import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Netlink

/// What the kernel makes of the requests. Everything is made in the sandbox's network namespace, with names that begin
/// with `nlt`, or in namespaces that die with the test.
@Suite(.serialized) final class NetlinkSandboxTests {
    init() throws {
        try #require(
            ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX"] == "1", "run it through scripts/in-sandbox")
    }

    deinit {
        let left = (try? Self.ownLinks()) ?? []
        if !left.isEmpty { Issue.record("links were left behind: \(left.map(\.name))") }
    }

    private static func ownLinks() throws -> [LinkInfo] {
        var socket = try RouteSocket()
        return try socket.links().filter { $0.name.hasPrefix("nlt") }
    }

    private let mac = MACAddress(for: .loopbackIPv4)

    private func bridge(_ name: String = "nlt0", address: String = "10.213.0.1/24") -> BridgeRequest {
        BridgeRequest(name: name, mac: mac, mtu: 1400, alias: "mydocker:test", address: Subnet(address))
    }

    @Test func bridgeIsUpTaggedAndHasItsAddress() throws {
        var socket = try RouteSocket()
        let index = try socket.createBridge(bridge())
        defer { _ = try? socket.deleteLink(.index(index)) }
        let found = try socket.link(.named("nlt0"))
        #expect(
            found
                == LinkInfo(
                    index: index, name: "nlt0", kind: "bridge", mac: mac, mtu: 1400, isUp: true,
                    isOperational: false, alias: "mydocker:test", master: nil, peer: nil,
                    settings: LinkSettings(inFilesOf: "nlt0")))
        #expect(try socket.link(.index(index)) == found)
        #expect(try socket.links().contains { $0 == found })
        #expect(
            try socket.addresses(of: .ipv4).contains(
                AddressInfo(address: #require(Subnet("10.213.0.1/24")), link: index)))
        // One list of both families has what the lists of each have.
        let both = try socket.addresses(of: [.ipv4, .ipv6])
        #expect(try both == socket.addresses(of: .ipv4) + socket.addresses(of: .ipv6))
        #expect(try socket.addresses(of: Set<AddressFamily>()).isEmpty)
        let own = both.filter { $0.link == index }
        #expect(!own.isEmpty)
        #expect(try socket.addresses(of: [.ipv4, .ipv6], on: index) == own)
        #expect(try socket.addresses(of: [.ipv4], on: index) == own.filter { $0.address.family == .ipv4 })
        #expect(try socket.addresses(of: [.ipv4, .ipv6], on: 0x7fff_ffff).isEmpty)
        #expect(
            try socket.routes(of: .ipv4).contains { $0.destination.description == "10.213.0.0/24" && $0.link == index })
        #expect(try socket.deleteLink(.index(index)))
        #expect(try !socket.deleteLink(.index(index)))
        #expect(try !socket.deleteLink(.named("nlt0")))
        #expect(try socket.link(.named("nlt0")) == nil)
        #expect(try Self.ownLinks().isEmpty)
    }

    /// Another process waits for the kernel; a link that is gone is no error, and one that cannot go is.
    @Test func aLinkThatIsRemovedIsFoundNoMore() throws {
        var socket = try RouteSocket()
        for _ in 0..<5 {
            _ = try socket.createBridge(bridge())
            let link = try #require(try socket.link(.named("nlt0")))
            try link.remove()
            #expect(try socket.link(.named("nlt0")) == nil && socket.links().allSatisfy { $0.name != "nlt0" })
            try link.remove()
        }
        let loopback = try #require(try socket.link(.named("lo")))
        let error = #expect(throws: OperationError.self) { try loopback.remove() }
        #expect(error?.errno == EOPNOTSUPP && error?.description.contains("\"lo\"") == true)
        #expect(try socket.link(.named("lo")) == loopback)
    }

    @Test func somebodyElsesBridgeIsNotTouched() throws {
        var socket = try RouteSocket()
        let index = try socket.createBridge(BridgeRequest(name: "nlt0", mac: mac))
        defer { _ = try? socket.deleteLink(.index(index)) }
        let before = try socket.link(.index(index))
        do throws(OperationError) {
            try socket.createBridge(bridge())
            Issue.record("created twice")
        } catch {
            #expect(error.description == "create bridge \"nlt0\": File exists")
            #expect(error.errno == EEXIST)
        }
        #expect(try socket.link(.index(index)) == before)
        #expect(try !socket.addresses(of: .ipv4).contains { $0.link == index })
    }

    @Test func bridgeThatCannotGetItsAddressIsTakenBack() throws {
        var socket = try RouteSocket()
        var request = bridge()
        request.alias = String(repeating: "x", count: 300)
        #expect(throws: OperationError.self) { try socket.createBridge(request) }
        #expect(try Self.ownLinks().isEmpty)
    }

    @Test func refusalComesWithTheKernelsWords() throws {
        var socket = try RouteSocket()
        do throws(OperationError) {
            try socket.createBridge(BridgeRequest(name: "nlt-name-too-long", mac: mac))
            Issue.record("created")
        } catch {
            #expect(error.errno == ERANGE)
            #expect(error.remedy?.contains("policy") == true)
        }
    }

    @Test func vethPairIsBornInItsPlace() throws {
        var socket = try RouteSocket()
        let index = try socket.createBridge(bridge())
        defer { _ = try? socket.deleteLink(.index(index)) }
        var other = try OtherNamespace()
        let peerMAC = MACAddress(for: try #require(IPAddress("10.213.0.7")))
        let pair = try socket.createVeth(
            VethRequest(
                name: "nltv", bridge: index, mtu: 1380, peerMAC: peerMAC,
                peerNamespace: .descriptor(other.namespace.number)))
        defer { _ = try? socket.deleteLink(.index(pair.index)) }

        let here = try #require(try socket.link(.named("nltv")))
        #expect(here.index == pair.index && here.peer == pair.peerIndex && here.master == index)
        #expect(!here.isUp && here.kind == "veth" && here.mtu == 1380)
        let address = try #require(IPAddress("10.213.0.7"))
        for hairpin in [true, false] {
            let port = PortRequest(
                name: "nltv", index: pair.index, source: OwnSource(mac: peerMAC, addresses: [address]),
                hairpin: hairpin,
                hostHasIPv6: true)
            #expect(try !port.isMet(by: socket.port(pair.index)))
            try socket.guardPort(port)
            #expect(try port.isMet(by: socket.port(pair.index)))
            try socket.guardPort(port)
            #expect(try port.isMet(by: socket.port(pair.index)))
        }
        #expect(try socket.link(.named("nltv"))?.isUp == true)

        var inside = try RouteSocket(adopting: other.takeSocket())
        let there = try #require(try inside.link(.named("eth0")))
        #expect(there.index == pair.peerIndex && there.mac == peerMAC && there.mtu == 1380 && !there.isUp)

        try socket.setMaster(.named("nltv"), bridge: nil)
        #expect(try socket.link(.named("nltv"))?.master == nil)
        try socket.setMaster(.index(pair.index), bridge: index)
        #expect(try socket.link(.named("nltv"))?.master == index)
    }

    @Test(arguments: [true, false]) func containerIsConfigured(indexKnown: Bool) throws {
        var socket = try RouteSocket()
        let index = try socket.createBridge(bridge())
        defer { _ = try? socket.deleteLink(.index(index)) }
        var other = try OtherNamespace()
        let pair = try socket.createVeth(
            VethRequest(
                name: "nltv", bridge: index, mtu: 1380, peerMAC: mac, peerNamespace: .descriptor(other.namespace.number)
            ))
        defer { _ = try? socket.deleteLink(.index(pair.index)) }

        var inside = try RouteSocket(adopting: other.takeSocket())
        #expect(try inside.defaultRouteMTU() == nil)
        let address = try #require(Subnet("10.213.0.7/24"))
        let request = ContainerNetworkRequest(
            index: indexKnown ? pair.peerIndex : nil, addresses: [address],
            gateways: [try #require(IPAddress("10.213.0.1"))])
        try inside.configureContainer(request)

        #expect(try inside.links().allSatisfy(\.isUp))
        #expect(try inside.addresses(of: .ipv4).contains(AddressInfo(address: address, link: pair.peerIndex)))
        let route = try #require(try inside.routes(of: .ipv4).first(where: \.isDefault))
        #expect(route.gateway == IPAddress("10.213.0.1") && route.link == pair.peerIndex)
        #expect(try inside.defaultRoutes(of: .ipv4) == [route])
        #expect(try inside.defaultRouteMTU() == 1380)
        #expect(try inside.routes(of: .ipv4).contains { $0.destination.description == "10.213.0.255/32" })

        do throws(OperationError) {
            try inside.configureContainer(request)
            Issue.record("configured twice")
        } catch {
            #expect(error.description == "add address 10.213.0.7/24 to \"eth0\": File exists")
        }
    }

    /// In the namespace, where IPv6 is on as in every new one.
    @Test func containerIsConfiguredWithIPv6() throws {
        var socket = try RouteSocket()
        let index = try socket.createBridge(bridge())
        defer { _ = try? socket.deleteLink(.index(index)) }
        var other = try OtherNamespace()
        let pair = try socket.createVeth(
            VethRequest(name: "nltv", bridge: index, peerMAC: mac, peerNamespace: .descriptor(other.namespace.number)))
        defer { _ = try? socket.deleteLink(.index(pair.index)) }
        try socket.setUp(.index(pair.index))

        var inside = try RouteSocket(adopting: other.takeSocket())
        let address = try #require(Subnet("fd00:213::7/64"))
        let gateway = try #require(IPAddress("fd00:213::1"))
        let request = ContainerNetworkRequest(
            index: pair.peerIndex, addresses: [address], gateways: [gateway], gatewayMAC: MACAddress(for: gateway))
        try inside.configureContainer(request)

        let found = try inside.addresses(of: .ipv6)
        #expect(found.contains(AddressInfo(address: address, link: pair.peerIndex)))
        #expect(found.contains { $0.address.description == "::1/128" && $0.link == 1 })
        let routes = try inside.routes(of: .ipv6)
        let defaults = routes.filter(\.isDefault)
        #expect(try inside.defaultRoutes(of: .ipv6) == defaults)
        let standard = try #require(defaults.first)
        #expect(standard.destination.description == "::/0")
        #expect(standard.gateway == gateway && standard.link == pair.peerIndex)
        #expect(routes.contains { $0.destination.description == "fd00:213::/64" && $0.link == pair.peerIndex })
        // Of the container's own addresses and the routes to them none is of IPv4.
        #expect(try inside.addresses(of: .ipv4).allSatisfy { $0.link == 1 })
        #expect(try inside.routes(of: .ipv4).allSatisfy { $0.destination.first.isLoopback || $0.link == 1 })

        do throws(OperationError) {
            try inside.configureContainer(request)
            Issue.record("configured twice")
        } catch {
            #expect(error.description == "add address fd00:213::7/64 to \"eth0\": File exists")
        }
    }

    /// What is sent before the kernel has acted on a carrier is dropped. Here the carrier itself comes late.
    @Test func linksAreWaitedFor() throws {
        var socket = try RouteSocket()
        let index = try socket.createBridge(bridge())
        defer { _ = try? socket.deleteLink(.index(index)) }
        let own = try Descriptor.open("/proc/self/ns/net", O_RDONLY, as: "open namespace")
        let pair = try socket.createVeth(
            VethRequest(
                name: "nltv", bridge: index, peerName: "nltp", peerMAC: mac, peerNamespace: .descriptor(own.number)))
        defer { _ = try? socket.deleteLink(.index(pair.index)) }
        try socket.setUp(.index(pair.index))
        #expect(try socket.link(.index(pair.index))?.isOperational == false)
        // Not for ever.
        try socket.settle([pair.index])
        #expect(try socket.link(.index(pair.index))?.isOperational == false)
        let late = try Process.run(
            URL(fileURLWithPath: "/bin/sh"), arguments: ["-c", "sleep 0.05; ip link set nltp up"])
        try socket.settle([pair.index, index])
        for link in [pair.index, index] { #expect(try socket.link(.index(link))?.isOperational == true) }
        late.waitUntilExit()
    }

    @Test func gatewayOutsideTheSubnetIsNamed() throws {
        var socket = try RouteSocket(adopting: try OtherNamespace.socketOnly())
        try socket.setUp(.named("lo"))
        let request = ContainerNetworkRequest(
            interface: "lo", addresses: [try #require(Subnet("10.9.0.2/24"))],
            gateways: [try #require(IPAddress("10.99.0.1"))])
        do throws(OperationError) {
            try socket.configureContainer(request)
            Issue.record("configured")
        } catch {
            #expect(error.description == "add default route via 10.99.0.1 to \"lo\": Network is unreachable")
            #expect(error.remedy == "the kernel says: Nexthop has invalid gateway")
        }
    }

    @Test func missingInterfaceIsNamed() throws {
        var socket = try RouteSocket(adopting: try OtherNamespace.socketOnly())
        let request = ContainerNetworkRequest(addresses: [try #require(Subnet("10.9.0.2/24"))], gateways: [])
        do throws(OperationError) {
            try socket.configureContainer(request)
            Issue.record("configured")
        } catch {
            #expect(error.description == "look up link \"eth0\": No such device")
        }
        #expect(try socket.link(.named("lo"))?.isUp == false)
    }

    /// More than one datagram holds.
    @Test func longListsAreComplete() throws {
        var socket = try RouteSocket(adopting: try OtherNamespace.socketOnly())
        try socket.setUp(.named("lo"))
        for number in 0..<600 {
            try socket.addAddress(Subnet(IPAddress(ipv4: 0x0a00_0000 + UInt32(number)), 32), index: 1, name: "lo")
        }
        let found = Set(try socket.addresses(of: .ipv4).compactMap(\.address.address.ipv4))
        #expect(found.isSuperset(of: (0..<600).map { 0x0a00_0000 + $0 }))
        #expect(try socket.routes(of: .ipv4).count >= 600)
    }

    @Test func onlyRoutingSocketsAreAdopted() throws {
        for (domain, type, number) in [(AF_UNIX, 1, 0), (16, 3, 9)] as [(Int32, Int32, Int32)] {  // 9: NETLINK_AUDIT
            let descriptor = Descriptor(owning: socket(domain, type, number))
            do throws(OperationError) {
                _ = try RouteSocket(adopting: descriptor)
                Issue.record("adopted")
            } catch {
                #expect(error.errno == EPROTONOSUPPORT)
            }
        }
    }

    @Test func aBoundSocketIsAdopted() throws {
        let number = socket(16, 3, 0)
        var address = (family: UInt16(16), padding: UInt16(0), port: UInt32(0), groups: UInt32(0))
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, 12) }
        }
        #expect(result == 0)
        var socket = try RouteSocket(adopting: Descriptor(owning: number))
        #expect(try socket.link(.index(1))?.name == "lo")
    }
}

/// A network namespace that lasts as long as its descriptors, with a socket that was opened inside.
private struct OtherNamespace: ~Copyable {
    let namespace: Descriptor
    private var socketInside: Descriptor?

    init() throws {
        let (namespace, socket) = try Self.open()
        self.namespace = Descriptor(owning: namespace)
        socketInside = Descriptor(owning: socket)
    }

    /// Entered on a thread that then ends: no other thread is ever in it.
    private static func open() throws -> (namespace: Int32, socket: Int32) {
        final class Result: @unchecked Sendable { var numbers: (Int32, Int32, Int32) = (-1, -1, -1) }
        let result = Result()
        // Glibc's module map leaves it out.
        typealias Unshare = @convention(c) (Int32) -> Int32
        let unshare = unsafeBitCast(try #require(dlsym(nil, "unshare")), to: Unshare.self)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let entered = unshare(0x4000_0000)  // CLONE_NEWNET
            let namespace = Glibc.open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
            result.numbers = (entered, namespace, socket(16, 3 | Int32(SOCK_CLOEXEC.rawValue), 0))
            done.signal()
        }
        done.wait()
        try #require(result.numbers.0 == 0, "unshare")
        return (result.numbers.1, result.numbers.2)
    }

    /// Once.
    mutating func takeSocket() throws -> Descriptor {
        guard let socket = socketInside.take() else { throw OperationError("the socket was taken") }
        return socket
    }

    static func socketOnly() throws -> Descriptor {
        var other = try OtherNamespace()
        return try other.takeSocket()
    }
}

extension LinkSettings {
    /// As the files below /proc/sys say.
    fileprivate init(inFilesOf link: String) {
        func value(_ family: String, _ name: String) -> UInt32? {
            Sysctl.get("net/\(family)/conf/\(link)/\(name)").flatMap { UInt32($0) }
        }
        self.init()
        forwards = value("ipv4", "forwarding")
        forwardsIPv6 = value("ipv6", "forwarding")
        routeLocalnet = value("ipv4", "route_localnet")
        reversePathFilter = value("ipv4", "rp_filter")
        ignoresARP = value("ipv4", "arp_ignore")
        disableIPv6 = value("ipv6", "disable_ipv6")
        acceptRouterAdvertisements = value("ipv6", "accept_ra")
        asksForDuplicates = value("ipv6", "accept_dad")
    }
}
