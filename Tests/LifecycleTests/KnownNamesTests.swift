import Core
import Foundation
import Linux
import Testing

@testable import Lifecycle

@Suite struct KnownNamesTests {
    private let directory = NSTemporaryDirectory() + "known-names-" + UUID().uuidString
    private let network = ContainerID.random()
    private let owner = ContainerID.random()

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
            #expect(owners?.named == owner)
        }
        return reads
    }

    @Test func namesAreReadWhenTheirDirectoryIsAnotherOne() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let names = KnownNames()
        // One that has just changed may change once more without a sign of it.
        #expect(reads(3, of: names, after: { try? Files.replace(directory + "/one", [1]) }) == 3)
        usleep(50_000)
        #expect(reads(3, of: names) == 1)
        #expect(reads(3, of: names, "db") == 1)
        try Files.makeDirectory(directory + "/absent")
        usleep(50_000)
        #expect(reads(3, of: names) == 1)
        try Files.create(directory + "/absent/two", [])
        usleep(50_000)
        #expect(reads(3, of: names) == 1)
        names.forget()
        #expect(reads(2, of: names) == 1)
    }

    @Test func whatCannotBeReadIsAskedForAgain() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        usleep(50_000)
        let names = KnownNames()
        #expect(names.owners(of: "web", on: [network], in: [directory]) { nil } == nil)
        #expect(reads(2, of: names) == 1)
    }

    /// A name on one network says nothing of another one.
    @Test func eachSetOfNetworksHasItsOwn() throws {
        try Files.makeDirectory(directory)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        usleep(50_000)
        let names = KnownNames()
        #expect(reads(1, of: names) == 1)
        let other = names.owners(of: "web", on: [], in: [directory]) { NameOwners(named: nil, holders: []) }
        #expect(other?.named == nil && other?.holders == [])
    }
}
