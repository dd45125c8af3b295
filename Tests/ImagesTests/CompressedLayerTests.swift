import Core
import Foundation
import Linux
import Testing

@testable import Images

/// Layers in another compression: their bytes, and what the store remembers of them.
@Suite struct CompressedLayerTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// An image of one plain layer.
    private func image(_ name: String) throws -> (Image, StoredManifest) {
        var tar = Tar()
        for number in 0..<40 { tar.add("file\(number)", body: String(repeating: "\(name) \(number)\n", count: 2000)) }
        let path = scratch.file(name + ".tar")
        try Files.replace(path, tar.finished)
        _ = try scratch.store.importArchive(path, as: Reference(name))
        let image = try #require(try scratch.store.resolve(name))
        return (image, try scratch.store.storedManifest(image.manifest))
    }

    private func compress(
        _ layer: Manifest.Blob, diff: Digest? = nil, at source: String? = nil, to name: String,
        by compression: Archive.Compression, checking check: @escaping () throws(OperationError) -> Void = {}
    ) throws -> Manifest.Blob {
        try ImageStore.compress(
            layer, diff ?? layer.digest, at: source ?? scratch.store.layout.blob(layer.digest), to: scratch.file(name),
            by: compression, checking: check)
    }

    /// Another program gets the same bytes out of it.
    @Test(arguments: [("gzip", Archive.Compression.gzip), ("zstd", .zstd)])
    func thereAndBack(_ program: String, _ compression: Archive.Compression) throws {
        let (_, stored) = try image("there")
        let layer = stored.manifest.layers[0]
        let first = try compress(layer, to: "first", by: compression)
        #expect(first.mediaType == Manifest.layerType + "+" + program)
        let file = scratch.file("first")
        #expect(try run("sha256sum", file).output.hasPrefix(first.digest.hex))
        #expect(Files.status(file).map { Int64($0.st_size) } == first.size && first.size < layer.size / 5)
        let plain = try run("sh", "-c", "\(program) -dc <'\(file)' | sha256sum").output
        #expect(plain.hasPrefix(layer.digest.hex))
        // Not even the second in which it is made makes a difference.
        try run("sleep", "1.1")
        #expect(try compress(layer, to: "again", by: compression) == first)
        // From whatever form it has.
        let back = try compress(first, diff: layer.digest, at: file, to: "back", by: .none)
        #expect(back == layer)
        #expect(try Files.read(scratch.file("back")) == Files.read(scratch.store.layout.blob(layer.digest)))
    }

    /// Nothing of the host's or of the moment is in it.
    @Test func aHeaderSaysNothing() throws {
        let (_, stored) = try image("header")
        _ = try compress(stored.manifest.layers[0], to: "packed", by: .gzip)
        #expect(try Files.read(scratch.file("packed")).prefix(10) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
    }

    @Test func whatIsNotWhatItShouldBe() throws {
        let (_, stored) = try image("changed")
        let layer = stored.manifest.layers[0]
        var bytes = try Files.read(scratch.store.layout.blob(layer.digest))
        bytes[700] ^= 1
        let changed = try scratch.write("changed", bytes)
        let failure = error { _ = try compress(layer, at: changed, to: "x", by: .gzip) }
        #expect(failure?.kind == .damaged && failure?.description.contains(changed) == true)
        let missing = error { _ = try compress(layer, at: "/nonexistent", to: "y", by: .gzip) }
        #expect(missing?.errno == ENOENT)
        let full = error {
            let input = try Descriptor.open(scratch.store.layout.blob(layer.digest), O_RDONLY)
            let output = try Descriptor.open("/dev/full", O_WRONLY)
            _ = try Archive.compress(input, to: output, by: .gzip, named: ("it", "there"), checking: {})
        }
        #expect(full?.errno == ENOSPC && full?.subject == "there")
    }

    /// What is asked between two pieces ends it, with its own words.
    @Test func itEndsWhenItIsNotWanted() throws {
        let big = try scratch.write("big.tar", [UInt8](repeating: 7, count: 4 << 20))
        let layer = Manifest.Blob(mediaType: Manifest.layerType, digest: Digest(bytes: []), size: 4 << 20)
        let refusal = OperationError("stop", kind: .notRunning)
        let asked = Asked()
        let failure = error {
            _ = try compress(layer, at: big, to: "x", by: .gzip) { () throws(OperationError) in
                asked.count += 1
                if asked.count == 3 { throw refusal }
            }
        }
        #expect(failure == refusal && asked.count == 3)
    }

    private final class Asked { var count = 0 }

    @Test func theRecordIsText() throws {
        let digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
        let known = CompressedLayer(digest: digest, size: 5)
        #expect(CompressedLayer(known.text) == known)
        for wrong in [
            "", "\(digest)", "\(digest) ", "\(digest) 0", "\(digest) -1", "\(digest) 5 6", "ab 5", "5 \(digest)",
        ] {
            #expect(CompressedLayer(wrong) == nil, "\(wrong)")
        }
    }

    /// It is on the layer's file, and goes with that. Only root may set such attributes.
    @Test(.enabled(if: geteuid() == 0)) func theRecordGoesWithTheLayer() throws {
        let (image, stored) = try image("recorded")
        let (store, layer) = (scratch.store, stored.manifest.layers[0].digest)
        #expect(store.compressed(layer) == nil)
        let known = CompressedLayer(digest: image.id, size: 5)
        store.note(known, of: layer)
        #expect(store.compressed(layer) == known)
        #expect(store.damages(of: image.id).isEmpty)
        #expect(Attribute.set("trusted.mydocker.gzip", of: store.layout.blob(layer), to: "nonsense"))
        #expect(store.compressed(layer) == nil)
        #expect(
            Attribute.set("trusted.mydocker.gzip", of: store.layout.blob(layer), to: String(repeating: "x", count: 200))
        )
        #expect(store.compressed(layer) == nil)
        store.note(known, of: layer)
        _ = try store.remove("recorded")
        try scratch.expectClean(images: 0)
        #expect(try self.image("recorded").1.manifest.layers[0].digest == layer)
        #expect(store.compressed(layer) == nil)
    }

    /// The media type of a layer that was loaded may be anything, and what it says be wrong.
    @Test func typesOfOthers() throws {
        let (image, stored) = try image("types")
        let layer = stored.manifest.layers[0]
        func draft(_ mediaType: String, _ blob: Manifest.Blob, at path: String) -> ImageDraft {
            var draft = ImageDraft()
            let typed = Manifest.Blob(mediaType: mediaType, digest: blob.digest, size: blob.size)
            draft.layers = [LayerDraft(blob: typed, diff: image.layers[0], size: 1, source: (path, "/nosuch"))]
            return draft
        }
        let path = scratch.store.layout.blob(layer.digest)
        let unknown = draft("application/vnd.other", layer, at: path)
        let refusal = error {
            _ = try scratch.store.compress(unknown, by: .init(.gzip, isForced: true), to: scratch.file("a"))
        }
        #expect(refusal?.kind == .unsupported && refusal?.description.contains("application/vnd.other") == true)
        let left = try scratch.store.compress(unknown, by: .init(.gzip, isForced: false), to: scratch.file("b"))
        #expect(left.layers.map(\.blob) == unknown.layers.map(\.blob))
        // It says that it is plain.
        let packed = try compress(layer, to: "packed", by: .gzip)
        let wrong = draft(Manifest.layerType, packed, at: scratch.file("packed"))
        let plain = try scratch.store.compress(wrong, by: .init(.uncompressed, isForced: true), to: scratch.file("c"))
        #expect(plain.layers.map(\.blob) == [layer])
        let gzip = try scratch.store.compress(wrong, by: .init(.gzip, isForced: false), to: scratch.file("d"))
        #expect(gzip.layers.map(\.blob) == [packed])
    }

    /// A registry has it compressed, and says more of it: here it has the form in which its layers are here, and pushed again it
    /// is what it was.
    @Test(arguments: [false, true]) func whatComesBackIsBroughtIntoTheFormThatIsHere(isAnnotated: Bool) throws {
        let (image, stored) = try image("back")
        let layer = stored.manifest.layers[0]
        let packed = try compress(layer, to: "packed", by: .gzip)
        var there = stored.replacing([layer: packed])
        if isAnnotated {
            there = Array(try JSON(parsing: there).with([("annotations", ["a": "b"])]).compact.utf8)
        }
        let here = try scratch.store.localForm(of: there, for: image.id)
        let local = try StoredManifest(here, Archive.digest(here), named: "it")
        #expect((here == stored.bytes) == !isAnnotated)
        #expect(local.manifest.layers == stored.manifest.layers)
        #expect(local.json["annotations"]?["a"]?.string == (isAnnotated ? "b" : nil))
        #expect(local.replacing([layer: packed]) == there)
        #expect(try scratch.store.localForm(of: here, for: image.id) == here)
    }

    @Test func whatIsOfAnotherTypeStays() throws {
        let (image, stored) = try image("docker")
        let layer = stored.manifest.layers[0]
        let packed = try compress(layer, to: "packed", by: .gzip)
        let type = "application/vnd.docker.distribution.manifest.v2+json"
        let there = stored.replacing([layer: packed])
        let docker = Array(try JSON(parsing: there).replacing("mediaType", by: .string(type)).compact.utf8)
        #expect(try scratch.store.localForm(of: docker, for: image.id) == docker)
        let layers = try #require(try JSON(parsing: there)["layers"]?.array)
        let long = Array(try JSON(parsing: there).replacing("layers", by: .array(layers + layers)).compact.utf8)
        #expect(try scratch.store.localForm(of: long, for: image.id) == long)
    }
}
