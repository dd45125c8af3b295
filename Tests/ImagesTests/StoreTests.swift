import Core
import Foundation
import Linux
import Testing

@testable import Images

@Suite struct StoreTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func sampleTar(_ text: String = "hello\n") throws -> String {
        var tar = Tar()
        tar.directory("./")
        tar.directory("etc/")
        tar.add("etc/greeting", body: text)
        let path = scratch.file("sample-\(text.hashValue).tar")
        try Files.replace(path, tar.finished)
        return path
    }

    @Test func roundTrip() throws {
        let store = scratch.store
        let path = try sampleTar()
        #expect(try store.resolve("a") == nil)
        #expect(try store.list().isEmpty)
        let id = try store.importArchive(
            path, as: Reference("team/app:1"), changes: ["CMD [\"cat\", \"/etc/greeting\"]", "ENV A=1 B='2 3'"])
        let image = try #require(try store.resolve("team/app:1"))
        #expect(image.id == id)
        #expect(image.references == ["team/app:1"])
        #expect(image.config.command == ["cat", "/etc/greeting"])
        #expect(image.config.environment == ["A=1", "B=2 3"])
        #expect(image.size == 6)
        #expect(Files.text(try #require(image.layerDirectories.first) + "/etc/greeting") == "hello\n")
        for text in [id.description, id.hex, id.short, String(id.hex.prefix(1)), "sha256:" + id.short] {
            #expect(try store.resolve(text)?.id == id)
        }
        #expect(try store.resolve("team/app@\(image.manifest)")?.id == id)
        #expect(try store.list().map(\.reference) == ["team/app:1"])
        #expect(
            try store.remove("team/app:1")
                == ["Untagged: team/app:1", "Deleted: \(id)"] + image.layers.map { "Deleted: \($0)" })
        try scratch.expectClean(images: 0)
    }

    /// There is room for the index beside it, which becomes the index, and is made anew.
    @Test func roomIsKeptBackForTheIndex() throws {
        let layout = scratch.store.layout
        _ = try scratch.store.importArchive(sampleTar(), as: Reference("a"))
        let kept = try #require(Files.status(layout.reserve.path))
        let index = try Files.read(layout.index)
        #expect(kept.st_size > index.count && kept.st_blocks * 512 >= kept.st_size, "\(kept)")
        try layout.reserve.replace(layout.index, by: index)
        #expect(try Files.read(layout.index) == index)
        #expect(try #require(Files.status(layout.index)).st_mode & 0o7777 == 0o644)
        #expect(!Files.exists(layout.reserve.path))
        for size in [0, 100_000, 10] { layout.reserve.keep(for: size) }
        #expect(try #require(Files.status(layout.reserve.path)).st_size > 100_000)
        #expect(throws: OperationError.self) { try IndexReserve(path: "/nosuch/reserve").replace(layout.index, by: []) }
        #expect(try Files.read(layout.index) == index)
        try scratch.expectClean(images: 1)
    }

    @Test func blobsHaveTheDigestsThatSHA256SumComputes() throws {
        let store = scratch.store
        let path = try sampleTar()
        try run("gzip", "-k", path)
        _ = try store.importArchive(path + ".gz", as: Reference("x"))
        let image = try #require(try store.resolve("x"))
        for name in try Files.names(in: store.layout.blobs) {
            #expect(try run("sha256sum", "\(store.layout.blobs)/\(name)").output.hasPrefix(name))
        }
        #expect(try run("sha256sum", path).output.hasPrefix(image.layers[0].hex))
        let manifest = try store.readBlob(image.manifest) { json throws(RecordError) in try Manifest(RecordReader(json))
        }
        #expect(manifest.layers.map(\.mediaType) == [Manifest.layerType + "+gzip"])
        #expect(try run("sha256sum", path + ".gz").output.hasPrefix(manifest.layers[0].digest.hex))
        #expect(try Files.read(store.layout.blob(manifest.layers[0].digest)) == Files.read(path + ".gz"))
    }

    @Test(arguments: ["gzip", "bzip2", "xz", "zstd"]) func compressions(_ program: String) throws {
        let path = try sampleTar()
        let packed = scratch.file("packed")
        #expect(try run("sh", "-c", "\(program) -c <'\(path)' >'\(packed)'").code == 0)
        _ = try scratch.store.importArchive(packed, as: Reference("x"))
        let image = try #require(try scratch.store.resolve("x"))
        #expect(try run("sha256sum", path).output.hasPrefix(image.layers[0].hex))
    }

    @Test func whatIsNoTarIsRefused() throws {
        let store = scratch.store
        let empty = try scratch.write("empty", [])
        let text = try scratch.write("text", Array("just a text\n".utf8))
        let whole = try Files.read(sampleTar())
        let cut = try scratch.write("cut", Array(whole[..<1200]))
        try run("gzip", "-k", scratch.file("text"))
        let path = try sampleTar("a longer text that is then compressed")
        try run("gzip", path)
        let packed = try Files.read(path + ".gz")
        let torn = try scratch.write("torn", Array(packed[..<(packed.count - 12)]))
        let expected = [
            empty: "the file is empty", text: "not a tar archive, plain or compressed by gzip, zstd, xz or bzip2",
            text + ".gz": "not a tar archive, plain or compressed by gzip, zstd, xz or bzip2",
            cut: "Truncated tar archive", torn: "truncated gzip input",
        ]
        for (path, reason) in expected {
            let failure = error { _ = try store.importArchive(path, as: Reference("x")) }
            #expect(failure?.description == "read archive \"\(path)\": \(reason)")
        }
        #expect(error { _ = try store.importArchive(scratch.path, as: nil) }?.errno == EISDIR)
        #expect(error { _ = try store.importArchive("/nonexistent", as: nil) }?.errno == ENOENT)
        try scratch.expectClean(images: 0)
    }

    @Test func emptyTarMakesAnEmptyImage() throws {
        let path = try scratch.write("empty.tar", Tar().finished)
        _ = try scratch.store.importArchive(path, as: Reference("empty"))
        let image = try #require(try scratch.store.resolve("empty:latest"))
        #expect(image.size == 0)
        #expect(try Files.names(in: image.layerDirectories[0]).isEmpty)
    }

    /// Steps that a build has put into the store stay until it has ended: its image is published later.
    @Test func noPruneTakesWhatABuildUses() throws {
        let store = scratch.store
        let workspace = try store.workspace()
        let changes = scratch.file("changes")
        try Files.makeDirectory(changes, mode: 0o755)
        try Files.create(changes + "/file", Array("words".utf8))
        let draft = try store.pack(changes, layer: 1, in: workspace)
        let layer = BuiltLayer(blob: draft.blob, diff: draft.diff, size: draft.size, place: 1)
        let key = try Digest(of: [1])
        try store.keep([CachedStep(key: key, layer: layer, instruction: "RUN x", created: .now())], in: workspace)
        var everything = CacheSelection()
        everything.all = true
        let meanwhile = try store.pruneBuildCache(everything)
        #expect(meanwhile.removed == [])
        #expect(store.kept(key)?.layer.diff == layer.diff)
        workspace.remove()
        let afterwards = try store.pruneBuildCache(everything)
        #expect(afterwards.removed == [key.hex])
        try scratch.expectClean(images: 0)
    }

    @Test func newImageTakesTheNameOfTheOld() throws {
        let store = scratch.store
        let old = try store.importArchive(sampleTar("old"), as: Reference("x"))
        let new = try store.importArchive(sampleTar("newer"), as: Reference("x"))
        #expect(try store.resolve("x")?.id == new)
        #expect(try store.resolve(old.hex)?.references == [])
        #expect(try store.list().map(\.reference) == ["x:latest", nil])
        #expect(try store.remove(old.hex).first == "Deleted: \(old)")
        try scratch.expectClean(images: 1)
    }

    @Test func tagsShareAnImage() throws {
        let store = scratch.store
        let id = try store.importArchive(sampleTar(), as: Reference("x"))
        try store.tag("x", as: Reference("y:2"))
        try store.tag(id.short, as: Reference("y:2"))
        #expect(try store.resolve("y:2")?.references == ["x:latest", "y:2"])
        #expect(
            error { _ = try store.remove(id.short) }?.description
                == "conflict: unable to delete \(id.short) (must be forced) - image is referenced in multiple repositories"
        )
        #expect(try store.remove("x") == ["Untagged: x:latest"])
        #expect(try store.resolve("y:2")?.id == id)
        #expect(error { try store.tag("nope", as: Reference("z")) }?.description == "No such image: nope:latest")
        #expect(error { _ = try store.remove("Nope") }?.description.hasPrefix("invalid reference format") == true)
        #expect(try store.remove("y:2").count == 3)
        try scratch.expectClean(images: 0)
    }

    /// It would be taken for an id. One that is there already can be removed.
    @Test func noNameLooksLikeAnID() throws {
        let store = scratch.store
        let id = try store.importArchive(sampleTar(), as: Reference("x"))
        let name = "sha256:" + String(repeating: "0", count: 64)
        let refusal = "refusing to create an ambiguous tag using digest algorithm as name"
        #expect(error { try store.tag("x", as: Reference(name)) }?.description == refusal)
        #expect(error { _ = try store.importArchive(sampleTar(), as: Reference(name)) }?.description == refusal)
        var index = try ImageIndex.read(store.layout.index)
        index.tag(ImageIndex.Match(image: id, reference: nil), own: nil, as: name, in: nil)
        try Files.replace(store.layout.index, Array(index.json.compact.utf8))
        #expect(try store.remove(name) == ["Untagged: \(name)"])
        #expect(error { _ = try store.remove(name) }?.kind == .notFound)
    }

    @Test func imageOfAContainerStays() throws {
        let store = scratch.store
        let id = try store.importArchive(sampleTar(), as: Reference("x"))
        let user: (Digest) -> ImageUser? = {
            $0 == id ? ImageUser(container: "0123456789ab", isRunning: true) : nil
        }
        #expect(
            error { _ = try store.remove("x", usedBy: user) }?.description
                == "conflict: unable to remove repository reference \"x:latest\" (must force) - container 0123456789ab "
                + "is using its referenced image \(id.short)")
        #expect(try store.remove("x", force: true, usedBy: user) == ["Untagged: x:latest"])
        #expect(error { _ = try store.remove(id.hex, force: true, usedBy: user) }?.kind == .conflict)
        try scratch.expectClean(images: 1)
        let stopped: (Digest) -> ImageUser? = { _ in ImageUser(container: "0123456789ab", isRunning: false) }
        try store.tag(id.hex, as: Reference("a"))
        try store.tag(id.hex, as: Reference("b"))
        #expect(
            error { _ = try store.remove(id.hex, usedBy: stopped) }?.description.contains("(must be forced)") == true)
        for spared in [SparedImages.used, .usedOrNamed] {
            #expect(
                error { _ = try store.remove(id.hex, force: true, sparing: spared, usedBy: stopped) }?.kind == .conflict
            )
        }
        #expect(error { _ = try store.remove(id.hex, force: true, sparing: .usedOrNamed) }?.kind == .conflict)
        #expect(
            try store.remove(id.hex, force: true, usedBy: stopped) == ["Untagged: a:latest", "Untagged: b:latest"])
        try scratch.expectClean(images: 1)
        #expect(try store.remove(id.hex).count == 2)
    }

    /// Whatever removes it meanwhile; afterwards nobody holds it.
    @Test func whatIsHeldStays() throws {
        let store = scratch.store
        _ = try store.importArchive(sampleTar(), as: Reference("x"))
        let image = try #require(try store.resolve("x"))
        try store.holding([image]) { () throws(OperationError) in
            _ = try store.remove("x")
            let isPresent = try store.isPresent(image.id)
            #expect(!isPresent)
            #expect(Files.isDirectory(image.layerDirectories[0]) && Files.exists(store.layout.blob(image.manifest)))
        }
        #expect(error { try store.holding([image]) {} }?.description == "No such image: x:latest")
        _ = try store.importArchive(sampleTar("other"), as: Reference("y"))
        _ = try store.remove("y")
        try scratch.expectClean(images: 0)
    }

    @Test func sharedLayerStaysWithItsOtherImage() throws {
        let store = scratch.store
        let path = try sampleTar()
        let first = try store.importArchive(path, as: Reference("a"), changes: ["CMD a"])
        let second = try store.importArchive(path, as: Reference("b"), changes: ["CMD b"])
        #expect(first != second)
        #expect(try Files.names(in: store.layout.layers).count == 1)
        #expect(try store.remove("a") == ["Untagged: a:latest", "Deleted: \(first)"])
        #expect(Files.isDirectory(try #require(try store.resolve("b")).layerDirectories[0]))
        try scratch.expectClean(images: 1)
    }

    @Test func ambiguousPrefix() throws {
        let store = scratch.store
        var ids: [Digest] = []
        // More images than there are digits: two must begin alike.
        for number in 0..<17 { ids.append(try store.importArchive(sampleTar(), as: Reference("x:\(number)"))) }
        let groups = Dictionary(grouping: ids) { $0.hex.prefix(1) }
        let prefix = String(try #require(groups.first { $0.value.count > 1 }).key)
        #expect(
            error { _ = try store.resolve(prefix) }?.description == "multiple IDs found with provided prefix: \(prefix)"
        )
    }

    @Test func damagedIndexIsReportedAndKept() throws {
        let store = scratch.store
        let path = try sampleTar()
        _ = try store.importArchive(path, as: Reference("x"))
        let damaged = Array("{\"manifests\":[".utf8)
        try Files.replace(store.layout.index, damaged)
        let blobs = try Files.names(in: store.layout.blobs).sorted()
        let attempts: [() throws -> Void] = [
            { _ = try store.resolve("x") }, { _ = try store.list() }, { _ = try store.remove("x") },
            { _ = try store.importArchive(path, as: Reference("y")) }, { try store.tag("x", as: Reference("y")) },
        ]
        for attempt in attempts {
            let failure = error(attempt)
            #expect(failure?.subject == store.layout.index)
            #expect(failure?.remedy != nil)
        }
        #expect(try Files.read(store.layout.index) == damaged)
        #expect(try Files.names(in: store.layout.blobs).sorted() == blobs)
    }

    @Test func entriesOfOtherProgramsSurvive() throws {
        let store = scratch.store
        try store.layout.create()
        let foreign = #"{"mediaType":"a/b","digest":"sha256:00","size":1,"platform":{"os":"plan9"}}"#
        try Files.create(store.layout.index, Array("{\"manifests\":[\(foreign)]}".utf8))
        _ = try store.importArchive(sampleTar(), as: Reference("x"))
        #expect(Files.text(store.layout.index)?.contains(foreign) == true)
    }

    @Test func damagedRecordBlocksOnlyItsOwnImage() throws {
        let store = scratch.store
        let bad = try store.importArchive(sampleTar("bad"), as: Reference("bad"))
        _ = try store.importArchive(sampleTar("good one"), as: Reference("good"))
        try Files.replace(store.layout.record(bad), [0x7b])
        #expect(error { _ = try store.resolve("bad") }?.subject == store.layout.record(bad))
        #expect(try store.resolve("good") != nil)
        #expect(try store.remove("bad").contains("Deleted: \(bad)"))
        try scratch.expectClean(images: 1)
    }

    /// What an image consists of that cannot be read is unknown: nothing at all is collected.
    @Test func anUnreadableImageKeepsItsLayers() throws {
        let store = scratch.store
        let id = try store.importArchive(sampleTar("one\n"), as: Reference("one"))
        let image = try #require(try store.resolve("one"))
        let other = try store.importArchive(sampleTar("two\n"), as: Reference("two"))
        let record = store.layout.record(id)
        let good = try Files.read(record)
        for damage in [Array("{".utf8), []] {
            try Files.replace(record, damage)
            #expect(error { _ = try store.resolve("one") } != nil)
            _ = try store.importArchive(sampleTar("three\n"), as: Reference("three"))
            _ = try store.remove("three")
        }
        _ = try store.remove("two")
        #expect(try store.resolve(other.description) == nil)
        try Files.replace(record, good)
        #expect(try store.resolve("one")?.layerDirectories == image.layerDirectories)
        #expect(Files.text(image.layerDirectories[0] + "/etc/greeting") == "one\n")
        for blob in try store.record(id).blobs { #expect(Files.exists(store.layout.blob(blob))) }
    }
}
