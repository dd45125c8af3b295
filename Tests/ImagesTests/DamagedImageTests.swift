import Core
import Foundation
import Linux
import Testing

@testable import Images

@Suite struct DamagedImageTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func image(_ name: String) throws -> Digest {
        var tar = Tar()
        tar.add("greeting", body: name)
        return try scratch.store.importArchive(try scratch.write(name + ".tar", tar.finished), as: Reference(name))
    }

    /// Others come and go meanwhile: its files may be needed to put it right again.
    @Test(arguments: ["", "{", #"{"version":999}"#]) func whatAnUnreadableImageConsistsOfStays(_ record: String) throws
    {
        let store = scratch.store
        let damaged = try image("damaged")
        let other = try image("other")
        let whole = try #require(try store.resolve("damaged"))
        let layers = whole.layerDirectories
        let path = store.layout.record(damaged)
        let bytes = try Files.read(path)
        try Files.replace(path, Array(record.utf8))
        _ = try image("third")
        _ = try store.remove(other.hex)
        try Files.replace(path, bytes)
        let repaired = try #require(try store.resolve("damaged"))
        #expect(repaired.layers == whole.layers && repaired.layerDirectories == layers)
        #expect(Files.text(try #require(layers.first) + "/greeting") == "damaged")
        for blob in try store.record(damaged).blobs { #expect(Files.exists(store.layout.blob(blob))) }
        // What nobody needs goes with the next change.
        _ = try store.remove("third")
        try scratch.expectClean(images: 1)
    }

    /// Where it is not known what somebody holds, nothing is cleared away.
    @Test func whatHoldsSomethingIsReadOrSaid() throws {
        let store = scratch.store
        let workspace = try store.workspace()
        func held() throws -> Set<String> {
            let lock = try FileLock.store(store.layout)
            return try Workspace.held(in: store.layout, holding: lock)
        }
        try Files.create(store.layout.temporary + "/file", [])
        #expect(try held().isEmpty)
        try Files.create(workspace.file("uses"), Array("1234\n".utf8))
        #expect(try held() == ["1234"])
        unlink(workspace.file("uses"))
        try Files.makeDirectory(workspace.file("uses"))
        #expect(error { _ = try held() }?.errno == EISDIR)
        #expect(error { _ = try store.workspace() }?.errno == EISDIR)
        workspace.remove()
    }
}
