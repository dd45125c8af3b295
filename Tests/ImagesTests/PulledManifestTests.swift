import Core
import Linux
import Testing

@testable import Images

/// Which manifests a registry has byte for byte, however their names come and go.
@Suite struct PulledManifestTests {
    private static let image = Digest(bytes: Array(repeating: 1, count: 32))
    private static let manifest = Digest(bytes: Array(repeating: 2, count: 32))
    private static let other = Digest(bytes: Array(repeating: 3, count: 32))
    /// Of an index that led to it, for example.
    private static let source = "r.example/app@" + other.description

    private func entry(_ reference: String?, _ manifest: Digest = Self.manifest, isPulled: Bool = false)
        -> ImageIndex.Entry
    {
        ImageIndex.Entry(
            manifest: manifest, manifestSize: 1, image: Self.image, reference: reference,
            source: isPulled ? Self.source : nil, isPulled: isPulled)
    }

    private func index(_ entries: ImageIndex.Entry...) throws -> ImageIndex {
        var index = try ImageIndex.read("/nosuch/index.json")
        for entry in entries { index.add(entry) }
        return index
    }

    @Test func aTagHasItWithoutTheFirstName() throws {
        var index = try index(entry("a:1", isPulled: true))
        index.tag(.init(image: Self.image, reference: "a:1"), own: nil, as: "b:1", in: nil)
        index.removeReference("a:1")
        #expect(index.references(to: Self.image) == ["b:1"] && index.sources(of: Self.image) == [])
        #expect(index.isPulled(Self.manifest))
        index.removeReference("b:1")
        #expect(index.isPulled(Self.manifest), "without a name, too")
    }

    @Test func anotherManifestIsNone() throws {
        var index = try index(entry("a:1", isPulled: true), entry("b:1", Self.other))
        #expect(index.isPulled(Self.manifest) && !index.isPulled(Self.other))
        // What is made here in its place is not pulled, and what comes to the same is.
        index.add(entry("a:1", Self.other))
        #expect(!index.isPulled(Self.manifest) && !index.isPulled(Self.other))
        #expect(try self.index(entry("a:1", isPulled: true), entry("a:1")).isPulled(Self.manifest))
    }

    @Test func aPushMakesNone() throws {
        var index = try index(entry("a:1"))
        let isNew = index.setSource(Self.source, of: Self.image, "a:1")
        #expect(isNew && !index.isPulled(Self.manifest))
    }

    @Test func eachNameHasItsOwnSource() throws {
        let scratch = try Scratch()
        var tar = Tar()
        tar.add("file", body: "x")
        let path = try scratch.write("a.tar", tar.finished)
        let id = try scratch.store.importArchive(path, as: Reference("r.example/app:1"))
        try scratch.store.tag("r.example/app:1", as: Reference("r.example/app:2"))
        var index = try ImageIndex.read(scratch.store.layout.index)
        let sources = [Self.manifest, Self.other].map { "r.example/app@\($0)" }
        for (number, source) in sources.enumerated() {
            _ = index.setSource(source, of: id, "r.example/app:\(number + 1)")
        }
        try Files.replace(scratch.store.layout.index, Array(index.json.compact.utf8))
        #expect(try scratch.store.list().compactMap(\.source) == sources)
    }

    @Test func itIsOnRecord() throws {
        let scratch = try Scratch()
        let path = scratch.file("index.json")
        let written = try index(entry("a:1", isPulled: true), entry("b:1", Self.other))
        try Files.replace(path, Array(written.json.compact.utf8))
        #expect(try ImageIndex.read(path).entries == written.entries)
    }

    @Test func whatIsKnownAlready() throws {
        let pulled = entry("a:1", isPulled: true)
        var plain = pulled
        plain.isPulled = false
        #expect(try index(pulled).says(pulled) && index(pulled).says(plain) && index(plain).says(plain))
        #expect(try !index(plain).says(pulled) && !index(entry("b:1", isPulled: true)).says(pulled))
    }
}
