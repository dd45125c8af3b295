import Core
import Foundation
import Linux
import Testing

@testable import Images

/// Several processes at a store, some of which die.
@Suite struct ProcessTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func killedImportLeavesNothingVisible() throws {
        // A pipe that never ends keeps the import in the middle of its work.
        var tar = Tar()
        for number in 0..<2000 { tar.add("file-\(number)", body: "content \(number)") }
        let path = try scratch.write("tar", tar.bytes)
        let fifo = scratch.file("fifo")
        #expect(mkfifo(fifo, 0o600) == 0)
        let child = try startChild("import", scratch.file("store"), fifo)
        let feeder = try Descriptor.open(fifo, O_WRONLY)
        try Files.writeAll(Files.read(path), to: feeder, named: fifo)
        let temporary = scratch.store.layout.temporary
        while try Files.names(in: temporary).isEmpty { usleep(1000) }
        let work = "\(temporary)/\(try Files.names(in: temporary)[0])"
        while try Files.names(in: work + "/layer-0").count < 100 { usleep(1000) }
        kill(child.processIdentifier, SIGKILL)
        child.waitUntilExit()
        #expect(try scratch.store.list().isEmpty)
        #expect(Files.isDirectory(work))
        let whole = try scratch.write("whole.tar", tar.finished)
        _ = try scratch.store.importArchive(whole, as: Reference("x"))
        try scratch.expectClean(images: 1)
    }

    @Test func workOfTheLivingIsNotReclaimed() throws {
        let store = scratch.store
        let workspace = try store.workspace()
        _ = try store.workspace()
        #expect(Files.isDirectory(workspace.path))
    }

    @Test func leftoversOfAnUnfinishedPublicationAreCollected() throws {
        let store = scratch.store
        let path = try scratch.write("empty.tar", Tar().finished)
        _ = try store.importArchive(path, as: Reference("x"))
        let digest = String(repeating: "a", count: 64)
        try Files.create("\(store.layout.blobs)/\(digest)", [1])
        try Files.makeDirectory("\(store.layout.layers)/\(digest)")
        try Files.create("\(store.layout.records)/\(digest).json", [1])
        _ = try store.importArchive(path, as: Reference("y"))
        try scratch.expectClean(images: 2)
        #expect(try Files.names(in: store.layout.records).count == 2)
    }

    @Test func eightImportsAtOnce() async throws {
        let store = scratch.store
        var paths: [String] = []
        for number in 0..<8 {
            var tar = Tar()
            for file in 0..<100 { tar.add("d/\(file)", body: "\(number % 4) \(file)") }
            paths.append(try scratch.write("\(number).tar", tar.finished))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, path) in paths.enumerated() {
                group.addTask { _ = try store.importArchive(path, as: Reference("x:\(number)")) }
            }
            try await group.waitForAll()
        }
        #expect(try store.list().count == 8)
        #expect(try Files.names(in: store.layout.layers).count == 4)
        try scratch.expectClean(images: 8)
    }

    @Test func eightFirstUsesOfTheDefaultImage() throws {
        let children = try (0..<8).map { _ in try startChild("default", scratch.file("store"), "") }
        for child in children {
            child.waitUntilExit()
            #expect(child.terminationStatus == 0)
        }
        try scratch.expectClean(images: 1)
        let image = try scratch.store.defaultImage()
        let root = image.layerDirectories[0]
        #expect(image.config.command == ["sh"])
        for applet in ["sh", "ls", "ping", "nc", "[", "wget", "httpd"] {
            #expect(Files.link("\(root)/bin/\(applet)") == "busybox")
        }
        #expect(try Files.read(root + "/bin/busybox") == Files.read("/bin/busybox"))
        #expect(Files.status(root + "/tmp").map { $0.st_mode & 0o7777 } == 0o1777)
        #expect(try run("chroot", root, "/bin/sh", "-c", "echo $((6*7))").output == "42\n")
    }

    @Test func onlyAStaticBusyboxWillDo() throws {
        let failure = error { _ = try scratch.store.defaultImage(from: ["/nonexistent"]) }
        #expect(failure?.remedy == "apt-get install busybox-static")
        let dynamic = error { _ = try scratch.store.defaultImage(from: ["/bin/ls"]) }
        #expect(dynamic?.description == "make default image from \"/bin/ls\": it is not a statically linked program")
        let text = try scratch.write("text", Array("#!/bin/sh\n".utf8))
        #expect(error { _ = try scratch.store.defaultImage(from: [text]) } != nil)
        #expect(!Files.exists(scratch.file("store")))
    }
}
