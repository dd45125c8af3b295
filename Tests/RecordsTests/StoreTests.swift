import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Records

/// A directory of its own, gone afterwards.
final class Scratch {
    let path = NSTemporaryDirectory() + "/mydocker-store-\(UInt64.random(in: 0...UInt64.max))"
    init() throws { try Files.makeDirectories(path) }
    deinit { try? Files.removeTree(path) }
    var layout: Layout { Layout(state: path + "/state", runtime: path + "/run") }
}

func definition(_ name: String) throws -> ContainerDefinition {
    ContainerDefinition(
        id: .random(), name: try #require(Name(name)), created: .now(), image: "", imageID: nil, layers: [],
        arguments: ["sh"], environment: [], workingDirectory: "/", user: "", hostname: "h", networkMode: .none)
}

@Suite struct LayoutTests {
    @Test func preparingTwiceKeepsWhatIsThere() throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        try Files.create(scratch.layout.runtimeContainers + "/x", [])
        try scratch.layout.prepare()
        #expect(Files.exists(scratch.layout.runtimeContainers + "/x"))
    }

    /// Somebody has begun anew, by `rm -rf /var/lib/mydocker/*`, and the kernel runs on.
    @Test func whatWasEmptiedIsMadeAgain() throws {
        let scratch = try Scratch()
        let layout = scratch.layout
        try layout.prepare()
        try Files.create(layout.runtimeContainers + "/x", [])
        try Files.removeTree(layout.state)
        #expect(try !layout.prepare())
        for directory in [layout.containers, layout.names, layout.networks, layout.networkNames, layout.volumes] {
            #expect(Files.isDirectory(directory), "\(directory)")
        }
        #expect(Files.exists(layout.runtimeContainers + "/x"))
        try Files.removeTree(layout.names)
        try layout.prepare()
        #expect(Files.isDirectory(layout.names))
    }

    @Test func B30_runtimeStateOfAnEarlierBootIsVoid() throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        try Files.create(scratch.layout.runtimeContainers + "/x", [])
        try Files.replace(scratch.layout.runtime + "/boot-id", Array("another boot".utf8))
        try scratch.layout.prepare()
        #expect(!Files.exists(scratch.layout.runtimeContainers + "/x"))
        #expect(Files.isDirectory(scratch.layout.networks))
    }
}

@Suite struct FileLockTests {
    @Test func aLockIsHeldUntilItIsReleased() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/lock"
        #expect(!FileLock.isHeld(path))
        let lock = try FileLock.acquire(path)
        #expect(FileLock.isHeld(path))
        if case .some = try FileLock.tryAcquire(path, creating: true, until: Deadline(milliseconds: 0)) {
            Issue.record("a lock was taken twice")
        }
        lock.release()
        #expect(!FileLock.isHeld(path))
    }

    @Test func aLockOnAFileThatWasRemovedIsNone() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/lock"
        let lock = try FileLock.acquire(path)
        try Files.remove(path)
        let other = try FileLock.acquire(path)
        #expect(FileLock.isHeld(path))
        lock.release()
        #expect(FileLock.isHeld(path))
        other.release()
    }
}

@Suite struct ContainerStoreTests {
    @Test func B74_aNameBelongsToOneContainer() throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        let store = ContainerStore(scratch.layout)
        let name = try #require(Name("web"))
        let first = ContainerID.random()
        #expect(try store.names.reserve(name, for: first))
        // One of 60 bytes takes a block of its own on ext4, which costs more than all else about it.
        #expect(try #require(Files.link(store.layout.name(name))).utf8.count < 60)
        #expect(try !store.names.reserve(name, for: .random()))
        #expect(store.names.owner(of: name) == first)
        try store.names.release(name, of: .random())
        #expect(store.names.owner(of: name) == first)
        try store.names.release(name, of: first)
        #expect(store.names.owner(of: name) == nil)
    }

    @Test func namesThatWereReservedBeforeStillCount() throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        let store = ContainerStore(scratch.layout)
        let name = try #require(Name("web"))
        let id = ContainerID.random()
        #expect(try Files.makeSymbolicLink(scratch.layout.name(name), to: id.hex))
        #expect(store.names.owner(of: name) == id)
        #expect(try !store.names.reserve(name, for: .random()))
        try store.names.release(name, of: id)
        #expect(store.names.owner(of: name) == nil)
    }

    @Test func containersAreFoundByNameIDAndPrefix() throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        let store = ContainerStore(scratch.layout)
        let container = try definition("web")
        #expect(try store.names.reserve(container.name, for: container.id))
        try store.create(container)
        #expect(try store.find("web") == container.id)
        #expect(try store.find(container.id.hex) == container.id)
        #expect(try store.find(container.id.short) == container.id)
        for missing in ["", "we", "g", "../web", String(repeating: "0", count: 64)] {
            #expect(throws: OperationError.self, "\(missing)") { try store.find(missing) }
        }
        try store.remove(container.id, name: container.name, isOwn: true)
        #expect(throws: OperationError.self) { try store.find("web") }
        #expect(try Files.names(in: scratch.layout.containers).isEmpty)
    }

    @Test(arguments: ["", "{", "[]", "{}", "{\"id\":1}", "\u{0}", String(repeating: "[", count: 100_000)])
    func B32_aDamagedRecordIsNamedAndKept(_ text: String) throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        let store = ContainerStore(scratch.layout)
        let container = try definition("web")
        try store.create(container)
        let path = scratch.layout.definition(container.id)
        try Files.replace(path, Array(text.utf8))
        let error = #expect(throws: OperationError.self) { _ = try store.definition(container.id) }
        #expect(error?.description.contains(path) == true)
        #expect(error?.remedy != nil)
        #expect(Files.text(path) == text)
    }
}
