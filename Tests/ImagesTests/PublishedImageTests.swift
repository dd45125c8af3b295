import Core
import Foundation
import Linux
import Testing

@testable import Images

/// Images that are put into the store once more.
@Suite struct PublishedImageTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// One of one file, made at a time that never changes: of the same words it is the same image.
    @discardableResult
    private func publish(
        _ words: String = "words", as names: [String] = ["x:latest"], annotations: [String: String] = [:],
        in scope: String? = nil, compressed: Bool = false
    ) throws -> Digest {
        let store = ImageStore(root: scratch.file("store"), scope: scope)
        let workspace = try store.workspace()
        let changes = workspace.file("changes")
        try Files.makeDirectory(changes, mode: 0o755)
        try Files.create(changes + "/file", Array(words.utf8))
        var draft = ImageDraft()
        draft.created = Timestamp(nanoseconds: 1)
        draft.annotations = annotations
        draft.layers = [try store.pack(changes, layer: 1, in: workspace, newest: 0)]
        if compressed {
            let wish = SavedCompression(.gzip, isForced: false)
            draft = try store.compress(draft, by: wish, to: workspace.file("compressed"))
        }
        return try store.publish([Publication(draft: draft, references: names)], in: workspace)[0]
    }

    /// Which files there are in the store, and since when. Workspaces come and go in one of its directories.
    private func stamps() throws -> [String: [Int]] {
        let layout = scratch.store.layout
        var stamps: [String: [Int]] = [:]
        var pending = [layout.root]
        while let path = pending.popLast() {
            let status = try #require(Files.status(path, followLinks: false))
            if path != layout.temporary {
                let times = [status.st_mtim, status.st_ctim].flatMap { [$0.tv_sec, $0.tv_nsec] }
                stamps[path] = [Int(status.st_ino), Int(status.st_size)] + times
            }
            if status.st_mode & S_IFMT == S_IFDIR { pending += try Files.names(in: path).map { "\(path)/\($0)" } }
        }
        return stamps
    }

    @Test func whatIsThereIsNotWrittenAgain() throws {
        let id = try publish()
        try publish("other", as: ["y:1"])
        let before = try stamps()
        #expect(try publish() == id)
        // One that has names is known without, and what was there outside of a scope is not the scope's.
        #expect(try publish(as: []) == id)
        #expect(try publish(in: "job") == id)
        #expect(try stamps() == before)
        try scratch.expectClean(images: 2)
    }

    @Test func whatIsGoneOrDamagedIsWrittenAgain() throws {
        let store = scratch.store
        let layout = store.layout
        let id = try publish()
        let record = try store.record(id)
        for path in record.blobs.map(layout.blob) + [layout.record(id)] {
            let whole = try Files.read(path)
            var damages: [[UInt8]?] = [nil, Array(whole.dropLast())]
            // Archives are long: their content is looked at when an image is to be repaired.
            if !path.hasSuffix(record.layers[0].hex) { damages.append([0x20] + whole.dropFirst()) }
            for damage in damages {
                try Files.remove(path)
                if let damage { try Files.create(path, damage, mode: 0o644) }
                #expect(try publish() == id)
                #expect(try Files.read(path) == whole, "\(path)")
            }
        }
        let tree = layout.layer(record.layers[0])
        try Files.removeTree(tree)
        #expect(try publish() == id)
        #expect(Files.text(tree + "/file") == "words")
        #expect(store.damages(of: id).isEmpty)
        try scratch.expectClean(images: 1)
    }

    @Test func aNameOfAnotherImageMoves() throws {
        let store = scratch.store
        let first = try publish("one")
        let second = try publish("two")
        #expect(try store.resolve("x")?.id == second)
        #expect(try publish("one") == first)
        #expect(try store.resolve("x")?.id == first)
        #expect(try store.resolve(second.hex)?.references == [])
        try publish("one", as: ["x:latest", "y:1"])
        #expect(try store.resolve(first.hex)?.references == ["x:latest", "y:1"])
    }

    /// Each name has its own manifest, and the image the record of the first one.
    @Test func eachNameStaysAsItIs() throws {
        let id = try publish(annotations: ["a": "1"])
        #expect(try publish(as: ["y:1"], annotations: ["a": "2"]) == id)
        let before = try stamps()
        try publish(annotations: ["a": "1"])
        try publish(as: ["y:1"], annotations: ["a": "2"])
        #expect(try stamps() == before)
        try publish(annotations: ["a": "2"])
        let entries = try ImageIndex.read(scratch.store.layout.index).entries
        #expect(entries.count == 2 && entries[0].manifest == entries[1].manifest, "\(entries)")
    }

    @Test func aTagThatIsThereIsNotWrittenAgain() throws {
        let store = scratch.store
        let id = try publish(as: ["x:latest", "y:1"])
        let other = try publish("other", as: ["z:1"])
        let before = try stamps()
        for text in ["x", "y:1", id.hex] { try store.tag(text, as: Reference("y:1")) }
        #expect(try stamps() == before)
        try store.tag("z:1", as: Reference("y:1"))
        #expect(try store.resolve("y:1")?.id == other)
    }

    @Test func whatWasLoadedIsNotWrittenAgain() throws {
        var tar = Tar()
        tar.add("a", body: "a")
        let path = try scratch.write("a.tar", tar.finished)
        let source = scratch.file("source")
        let id = try ImageStore(root: source).importArchive(path, as: Reference("a:1"))
        let loaded = [LoadedImage(id: id, reference: "a:1")]
        #expect(try scratch.store.load(source) == loaded)
        let before = try stamps()
        #expect(try scratch.store.load(source) == loaded)
        #expect(try stamps() == before)
    }

    /// A build goes through the whole store where an image has come or gone, or it has failed, or somebody was killed.
    @Test func aBuildNeedNotClearAway() throws {
        let store = scratch.store
        try publish()
        let stray = "\(store.layout.layers)/\(String(repeating: "a", count: 64))"
        func makeStray() throws {
            try Files.makeDirectory(stray)
            try Files.create(stray + "/file", [1])
        }
        try makeStray()
        let workspace = try BuildWorkspace(in: store)
        let links = workspace.file("l")
        try workspace.clearAway(hasNewSteps: false)
        #expect(Files.exists(stray) && !Files.exists(links))
        try workspace.clearAway(hasNewSteps: true)
        #expect(!Files.exists(stray))
        try publish("other", as: ["y:1"])
        // Under the name that is among what goes with the workspace already.
        try makeStray()
        try workspace.clearAway(hasNewSteps: false)
        #expect(!Files.exists(stray))
        workspace.remove()
        try makeStray()
        let dead = store.layout.temporary + "/1-dead"
        try Files.makeDirectory(dead)
        let next = try BuildWorkspace(in: store)
        #expect(!Files.exists(stray) && !Files.exists(dead))
        next.remove()
        try scratch.expectClean(images: 2)
    }

    /// The removal leaves what the build holds, and nobody else would come to that as long as builds find all that they want.
    @Test func whatABuildHasHeldLastGoesWithIt() throws {
        let store = scratch.store
        try publish()
        let image = try #require(try store.resolve("x"))
        let workspace = try BuildWorkspace(in: store)
        _ = try workspace.begin(from: image)
        _ = try store.remove("x")
        #expect(image.layers.allSatisfy { Files.isDirectory(store.layout.layer($0)) })
        try workspace.clearAway(hasNewSteps: false)
        workspace.remove()
        try scratch.expectClean(images: 0)
    }

    /// With its guardian, which waits for the last of its copies.
    @Test func whatADeadOneHeldGoesWithItsDirectory() throws {
        let layout = scratch.store.layout
        try publish()
        let digits = String(repeating: "a", count: 64)
        let (stray, dead) = ("\(layout.blobs)/\(digits)", layout.temporary + "/1-dead")
        func makeDead() throws {
            try Files.create(stray, [1])
            try Files.makeDirectory(dead)
            try Files.create(dead + "/uses", Array("\(digits)\n".utf8))
        }
        try makeDead()
        scratch.store.clearWorkspaces(of: 1)
        #expect(!Files.exists(stray) && !Files.exists(dead))
        // Where nobody knows what is needed, the next one knows of it.
        try makeDead()
        let index = try Files.read(layout.index)
        try Files.replace(layout.index, [])
        scratch.store.clearWorkspaces(of: 1)
        #expect(Files.exists(stray))
        #expect(try Files.names(in: dead).isEmpty)
        try Files.replace(layout.index, index)
        try BuildWorkspace(in: scratch.store).remove()
        try scratch.expectClean(images: 1)
    }

    /// An archive that came anew is older than what was on record before it, of whatever image.
    @Test func whatCameAnewIsNotReadAgain() throws {
        let store = scratch.store
        let id = try publish()
        let blob = store.layout.blob(try store.record(id).blobs[2])
        try Files.remove(blob)
        try publish("words", as: ["y:1"], annotations: ["a": "b"])
        let written = try #require(Files.status(blob))
        let known = try #require(Files.status(store.layout.record(id)))
        #expect(written.st_mtim.tv_sec < known.st_mtim.tv_sec)
        #expect(store.damages(of: id).isEmpty)
    }

    /// The store keeps the archives of the form that was here first, whatever else comes.
    @Test func anotherFormIsNotWrittenAgain() throws {
        let id = try publish()
        #expect(try publish(compressed: true) == id)
        try scratch.store.collectGarbage()
        let before = try stamps()
        #expect(try publish(compressed: true) == id)
        #expect(try stamps() == before)
        let tree = scratch.store.layout.layer(try scratch.store.record(id).layers[0])
        try Files.removeTree(tree)
        #expect(try publish(compressed: true) == id)
        #expect(Files.text(tree + "/file") == "words")
    }
}
