import Core
import Linux
import Testing

@testable import Images

/// `NAME@sha256:…` is a name of its own, beside the tags of an image.
@Suite struct DigestNameTests {
    private static let image = Digest(bytes: Array(repeating: 1, count: 32))
    private static let manifest = Digest(bytes: Array(repeating: 2, count: 32))
    private static let pinned = "host.example/a@\(manifest)"

    private func entry(_ reference: String?, source: String? = nil) -> ImageIndex.Entry {
        ImageIndex.Entry(
            manifest: Self.manifest, manifestSize: 1, image: Self.image, reference: reference, source: source)
    }

    private func index(_ entries: ImageIndex.Entry...) throws -> ImageIndex {
        var index = try ImageIndex.read("/nosuch/index.json")
        for entry in entries { index.add(entry) }
        return index
    }

    /// - Returns: the name that is taken away, and what is left.
    private func untagging(_ text: String, _ index: ImageIndex) throws -> (name: String?, left: [ImageIndex.Entry]) {
        var index = index
        let name = index.untag(try #require(try index.match(text)))
        return (name, index.entries)
    }

    @Test func theTagsOfOthersStay() throws {
        let found = try untagging(Self.pinned, index(entry("mine:1"), entry(nil, source: Self.pinned)))
        #expect(found.name == Self.pinned && found.left == [entry("mine:1")])
    }

    @Test func aTagThatCameFromThereStays() throws {
        let tagged = [entry("host.example/a:1", source: Self.pinned), entry("host.example/a:2", source: Self.pinned)]
        let found = try untagging(Self.pinned, index(tagged[0], tagged[1], entry("keep:me")))
        #expect(found.name == Self.pinned)
        #expect(found.left == [entry("host.example/a:1"), entry("host.example/a:2"), entry("keep:me")])
        let alone = try untagging(Self.pinned, index(tagged[0]))
        #expect(alone.name == Self.pinned && alone.left == [entry("host.example/a:1")])
    }

    /// What a scope has by a digest goes with it, and nothing that others have by the same one.
    @Test func theEndOfAScopeTakesNoDigestOfOthers() throws {
        let tagged = entry("host.example/a:1", source: Self.pinned)
        var pulled = entry(nil, source: Self.pinned)
        pulled.scope = "s"
        var index = try index(tagged, pulled)
        try #require(index.entries.count == 2)
        try index.keep(of: "s") { _ in false }
        #expect(index.entries == [tagged])
    }

    /// Nor is a further registry's name a reason to take the image away.
    @Test func otherDigestsStay() throws {
        let other = "host.example/b@\(Self.manifest)"
        let found = try untagging(Self.pinned, index(entry(nil, source: other), entry(nil, source: Self.pinned)))
        #expect(found.name == Self.pinned && found.left == [entry(nil, source: other)])
        let last = try untagging(Self.pinned, index(entry(nil, source: Self.pinned)))
        #expect(last.name == nil && last.left == [entry(nil, source: Self.pinned)])
    }

    /// Before any registry has it, its manifest's digest is its own repository's alone.
    @Test func whatADigestLeadsTo() throws {
        let found = try index(entry("host.example/a:1"))
        #expect(try found.match(Self.pinned)?.reference == "host.example/a:1")
        #expect(try found.match("host.example/a:1@\(Self.manifest)")?.image == Self.image)
        #expect(try found.match("host.example/a:2@\(Self.manifest)") == nil)
        #expect(try found.match("host.example/b@\(Self.manifest)") == nil)
        #expect(try found.match("host.example/a@\(Self.image)") == nil)
    }

    @Test func theLastNameTakesTheImageWithIt() throws {
        let scratch = try Scratch()
        let store = scratch.store
        let id = try store.importArchive(scratch.write("empty.tar", Tar().finished), as: Reference("mine:1"))
        let name = "host.example/a@\(Self.manifest)"
        var index = try ImageIndex.read(store.layout.index)
        let entry = try #require(index.entries.first)
        index.add(
            ImageIndex.Entry(
                manifest: entry.manifest, manifestSize: entry.manifestSize, image: id, reference: nil, source: name))
        try Files.replace(store.layout.index, Array(index.json.compact.utf8))
        let unknown = "mine@\(entry.manifest)"
        #expect(error { _ = try store.remove(unknown) }?.description == "No such image: \(unknown)")
        #expect(try store.remove("mine:1") == ["Untagged: mine:1"])
        let user: (Digest) -> ImageUser? = { _ in ImageUser(container: "0123456789ab", isRunning: true) }
        #expect(
            error { _ = try store.remove(name, usedBy: user) }?.description.contains(
                "unable to remove repository reference \"\(name)\" (must force)") == true)
        #expect(try store.remove(name).prefix(2) == ["Untagged: \(name)", "Deleted: \(id)"])
        try scratch.expectClean(images: 0)
    }
}
