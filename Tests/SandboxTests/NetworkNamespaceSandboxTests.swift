import Core
import Foundation
import Glibc
import Linux
import Netlink
import Testing

/// Namespaces that nobody is in.
@Suite(.serialized) struct NetworkNamespaceSandboxTests {
    private static let setting = NetworkNamespace.Setting("ipv4/ping_group_range", "0 4711")

    init() throws {
        try #require(
            ProcessInfo.processInfo.environment["MYDOCKER_SANDBOX"] == "1", "run it through scripts/in-sandbox")
    }

    @Test func itHasItsSettingsAndTheCallerIsBackInItsOwn() throws {
        let before = Identity(ofThread: ())
        let settingBefore = Sysctl.get("net/ipv4/ping_group_range")
        var namespace = try NetworkNamespace.create([Self.setting])
        #expect(Identity(ofThread: ()) == before)
        let own = Identity(namespace.descriptor)
        #expect(own != before)
        let hasSettings = namespace.hasSettings
        #expect(hasSettings)
        #expect(Sysctl.get("net/ipv4/ping_group_range") == settingBefore)
        let links = try Self.links(in: &namespace)
        #expect(links == ["lo"])
        let isTaken = namespace.takeSocket() == nil
        #expect(isTaken)
    }

    @Test func settingsThatCannotBeMadeAreForOthers() throws {
        let namespace = try NetworkNamespace.create([Self.setting, .init("ipv4/no_such_setting", "1")])
        let hasSettings = namespace.hasSettings
        #expect(!hasSettings)
    }

    /// As when the other process was killed before it came to that.
    @Test func anOfferThatNobodyFulfilsIsNoLoss() throws {
        let offer = try NetworkNamespaceOffer([Self.setting])
        var namespace = try offer.take()
        let hasSettings = namespace.hasSettings
        #expect(hasSettings)
        let links = try Self.links(in: &namespace)
        #expect(links == ["lo"])
    }

    private static func links(in namespace: inout NetworkNamespace) throws -> [String] {
        guard let descriptor = namespace.takeSocket() else { return [] }
        var socket = try RouteSocket(adopting: descriptor)
        return try socket.links().map(\.name).filter {
            !["tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"].contains($0)
        }
    }
}

private struct Identity: Equatable {
    private let device: dev_t
    private let inode: ino_t

    /// Of the calling thread's namespace.
    init(ofThread: Void) {
        var status = stat()
        stat("/proc/thread-self/ns/net", &status)
        (device, inode) = (status.st_dev, status.st_ino)
    }

    init(_ descriptor: borrowing Descriptor) {
        var status = stat()
        fstat(descriptor.number, &status)
        (device, inode) = (status.st_dev, status.st_ino)
    }
}
