import Core
import Foundation
import Linux
import Testing

@testable import Lifecycle

@Suite struct KnownNamesTests {
    private let directory = NSTemporaryDirectory() + "known-names-" + UUID().uuidString
    private let network = ContainerID.random()
    private let owner = ContainerID.random()

    /// Until a change is sure to have another time than those before.
    private func settle() { usleep(50_000) }

    /// How often the directory is read for `count` questions, each after `change`.
    private func reads(_ count: Int, of names: KnownNames, _ text: String = "web", after change: () -> Void = {}) -> Int
    {
        var reads = 0
        for _ in 0..<count {
            change()
            let owners = names.owners(of: text, on: [network], in: [directory, directory + "/absent"]) {
                reads += 1
                return NameOwners(named: owner, holders: [[]])
            }
            #expect(owners.named == owner)
        }
        return reads
    }

    @Test func namesAreReadWhenTheirDirectoryIsAnotherOne() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let names = KnownNames()
        // One that has just changed may change once more without a sign of it.
        #expect(reads(3, of: names, after: { try? Files.replace(directory + "/one", [1]) }) == 3)
        names.forget()
        settle()
        #expect(reads(3, of: names) == 1)
        #expect(reads(3, of: names, "db") == 1)
        try Files.makeDirectory(directory + "/absent")
        settle()
        #expect(reads(3, of: names) == 1)
        try Files.create(directory + "/absent/two", [])
        settle()
        #expect(reads(3, of: names) == 1)
        names.forget()
        #expect(reads(2, of: names) == 1)
    }

    /// What could be read of it is said all the same.
    @Test func whatCannotBeReadIsAskedForAgain() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        settle()
        let names = KnownNames()
        let part = names.owners(of: "web", on: [network], in: [directory]) {
            NameOwners(named: owner, read: [nil, [network]])
        }
        #expect(part.named == owner && part.holders == [[], [network]])
        #expect(reads(2, of: names) == 1)
    }

    /// Whoever has a name there is read, and the directory was missing before.
    @Test func whatIsMadeWhileItIsReadIsAskedForAgain() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        settle()
        let names = KnownNames()
        var reads = 0
        for _ in 0..<3 {
            _ = names.owners(of: "web", on: [network], in: [directory + "/alias"]) {
                reads += 1
                _ = try? Files.makeDirectory(directory + "/alias")
                return NameOwners(named: owner, holders: [[]])
            }
            settle()
        }
        #expect(reads == 2)
    }

    @Test func aNameThatIsInUseIsNotForgottenForOthers() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        settle()
        let names = KnownNames()
        #expect(reads(1, of: names) == 1)
        for number in 0..<100 {
            #expect(reads(1, of: names, "other\(number)") == 1)
            #expect(reads(1, of: names) == 0)
        }
        #expect(reads(1, of: names, "other0") == 1)
    }

    @Test func serversThatCannotBeReadAreAskedForAgain() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/resolv.conf"
        try Files.create(path, [])
        settle()
        var reads = 0
        let servers = KnownServers(path) { _ in
            reads += 1
            return reads == 1 ? nil : "nameserver 192.0.2.1\n"
        }
        #expect(servers.addresses == [])
        for _ in 0..<3 { #expect(servers.addresses == [ServerAddress(IPAddress(ipv4: 0xc000_0201))]) }
        #expect(reads == 2)
    }

    /// A name on one network says nothing of another one.
    @Test func eachSetOfNetworksHasItsOwn() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        settle()
        let names = KnownNames()
        #expect(reads(1, of: names) == 1)
        let other = names.owners(of: "web", on: [], in: [directory]) { NameOwners(named: nil, holders: []) }
        #expect(other.named == nil && other.holders == [])
    }
}
