import Core
import Foundation
import Linux
import Testing

@testable import Images

@Suite struct LoadTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// A store is an OCI image layout: one loads from another.
    private func source() throws -> (root: String, id: Digest) {
        var tar = Tar()
        tar.add("a", body: "a")
        let path = try scratch.write("a.tar", tar.finished)
        let store = ImageStore(root: scratch.file("source"))
        let id = try store.importArchive(path, as: Reference("reg.example/a:1"), changes: ["CMD [\"a\"]"])
        return (scratch.file("source"), id)
    }

    /// skopeo's `dir:` has a manifest.json that is not Docker's.
    @Test func aDirectoryOfSkopeosForm() throws {
        let directory = scratch.file("dir")
        try Files.makeDirectory(directory)
        try Files.create(directory + "/version", Array("Directory Transport Version: 1.1\n".utf8))
        try Files.create(directory + "/manifest.json", Array("{}".utf8))
        let failure = try #require(error { _ = try scratch.store.load(directory) })
        #expect(failure.description.contains("dir:") && failure.remedy?.contains("oci-archive:") == true, "\(failure)")
    }

    @Test(arguments: [false, true]) func layoutKeepsItsIDAndName(_ archived: Bool) throws {
        var (path, id) = try source()
        if archived {
            let tar = path + ".tar"
            try run("tar", "-C", path, "-cf", tar, "oci-layout", "index.json", "blobs")
            path = tar
        }
        #expect(try scratch.store.load(path) == [LoadedImage(id: id, reference: "reg.example/a:1")])
        let image = try #require(try scratch.store.resolve("reg.example/a:1"))
        #expect(image.id == id && image.config.command == ["a"])
        #expect(Files.text(image.layerDirectories[0] + "/a") == "a")
        try scratch.expectClean(images: 1)
    }

    @Test func changedBlobsAreRefused() throws {
        let (path, _) = try source()
        for name in try Files.names(in: path + "/blobs/sha256") {
            let blob = "\(path)/blobs/sha256/\(name)"
            let bytes = try Files.read(blob)
            try Files.replace(blob, bytes + [0x20])
            #expect(error { _ = try scratch.store.load(path) } != nil)
            try Files.replace(blob, bytes)
        }
        #expect(try scratch.store.list().isEmpty)
    }

    @Test func whatIsNoLayoutIsRefused() throws {
        let failure = error { _ = try scratch.store.load(scratch.path) }
        #expect(failure?.cause == .reason("it is neither an OCI image layout nor a docker-archive"))
    }
}
