import Core
import Linux
import Testing

@testable import Images

/// Which layers a push compresses, and what becomes of the manifest: values alone.
@Suite struct PushPlanTests {
    private static let oci = "application/vnd.oci.image.layer.v1.tar"
    private static let docker = "application/vnd.docker.image.rootfs.diff.tar"

    private static func digest(_ digit: Character) throws -> Digest {
        try #require(Digest(hex: String(repeating: digit, count: 64)))
    }

    private func blob(_ mediaType: String, _ digit: Character, _ places: [String] = []) throws -> Manifest.Blob {
        var blob = Manifest.Blob(mediaType: mediaType, digest: try Self.digest(digit), size: 7)
        blob.places = places
        return blob
    }

    private func plan(_ layers: [Manifest.Blob], _ diffs: [Character], isKept: Bool = false) throws -> PushPlan {
        let manifest = Manifest(config: try blob(Manifest.configType, "c"), layers: layers)
        return PushPlan(manifest, diffs: try diffs.map(Self.digest), isKept: isKept)
    }

    /// Media types, the digests of the tar streams where the archive has "a", and whether they are compressed.
    private static let layers: [(String, Character, Bool)] = [
        (oci, "a", true), (docker, "a", true), ("application/vnd.oci.image.layer.nondistributable.v1.tar", "a", true),
        // It says that it is plain, and is something else, which is found out when it is read.
        (oci, "b", true),
        (oci + "+gzip", "b", false), (oci + "+zstd", "b", false), (docker + ".gzip", "b", false),
        // Only ours can be like that, of a file that was imported.
        (oci + "+xz", "b", true), (oci + "+bzip2", "b", true),
        ("application/vnd.other.tar", "a", false), (oci + "+zstd:chunked", "a", false),
    ]

    @Test(arguments: layers)
    func whatIsCompressed(_ mediaType: String, _ diff: Character, _ isCompressed: Bool) throws {
        let layer = try blob(mediaType, "a")
        let digest = try Self.digest(diff)
        let expected: [Digest?] = [isCompressed ? digest : nil]
        let kept: [Digest?] = [nil]
        #expect(try plan([layer], [diff]).layers.map(\.diff) == expected)
        #expect(try plan([layer], [diff]).layers.map(\.blob) == [layer])
        #expect(try plan([layer], [diff], isKept: true).layers.map(\.diff) == kept)
        #expect(try plan([layer], []).layers.map(\.diff) == kept, "nobody knows what is in it")
    }

    @Test func eachOnceAndNoForeignOnes() throws {
        let foreign = try blob("application/vnd.docker.image.rootfs.foreign.diff.tar", "f", ["https://elsewhere/f"])
        let layers = [try blob(Self.oci, "a"), foreign, try blob(Self.oci + "+gzip", "b"), try blob(Self.oci, "a")]
        let plan = try plan(layers, ["a", "f", "d", "a"])
        #expect(plan.layers.map(\.blob) == [layers[0], layers[2]])
        let diffs: [Digest?] = [layers[0].digest, nil]
        #expect(plan.layers.map(\.diff) == diffs)
    }

    @Test func mediaTypesOfBothKinds() {
        func gzip(_ text: String) -> String? { LayerType(text)?.compressed(by: .gzip) }
        #expect(gzip(Self.oci) == Self.oci + "+gzip" && gzip(Self.docker) == Self.docker + ".gzip")
        #expect(gzip(Self.oci + "+xz") == Self.oci + "+gzip" && gzip(Self.docker + ".zstd") == Self.docker + ".gzip")
        #expect(LayerType(Self.docker + "+gzip")?.compression == .gzip, "some write it so")
        #expect(LayerType(Self.oci + "+zstd")?.compressed(by: .none) == Self.oci)
        for wrong in ["", Self.oci + "+", Self.oci + "gzip", "x" + Self.oci] {
            #expect(LayerType(wrong) == nil, "\(wrong)")
        }
    }

    /// What layers become where an archive is to have uncompressed ones, gzip, zstd; a dash is what stays.
    @Test(arguments: [
        ("", false, "- gzip zstd"), ("", true, "- gzip zstd"), ("+gzip", false, "- - -"), ("+gzip", true, "tar - zstd"),
        ("+zstd", false, "- - -"), ("+zstd", true, "tar gzip -"), ("+xz", false, "- - -"),
        ("+xz", true, "tar gzip zstd"),
    ]) func whatAnArchiveWants(_ suffix: String, _ isForced: Bool, _ expected: String) throws {
        let type = try #require(LayerType(Self.oci + suffix))
        let words = SavedCompression.Kind.allCases.map { kind in
            guard let change = type.change(by: SavedCompression(kind, isForced: isForced), isPlain: suffix.isEmpty)
            else { return "-" }
            return change.name.isEmpty ? "tar" : change.name
        }
        #expect(words.joined(separator: " ") == expected)
    }

    /// What says that it is not compressed becomes what is wanted, whatever it is.
    @Test(arguments: [false, true]) func whatSaysThatItIsPlainAndIsNot(isForced: Bool) throws {
        let type = try #require(LayerType(Self.oci))
        let changes = SavedCompression.Kind.allCases.map {
            type.change(by: SavedCompression($0, isForced: isForced), isPlain: false)
        }
        let expected: [Archive.Compression?] = [Archive.Compression.none, .gzip, .zstd]
        #expect(changes == expected)
    }

    /// Members that nobody here knows, too, in their order; what was embedded of the blob goes with it.
    @Test func theManifestIsOtherwiseTheSame() throws {
        let (a, b, c, d) = (try Self.digest("a"), try Self.digest("b"), try Self.digest("c"), try Self.digest("d"))
        func text(_ first: String) -> String {
            #"{"schemaVersion":2,"artifactType":"x","mediaType":"\#(Manifest.mediaType)","config":{"mediaType":"#
                + #""\#(Manifest.configType)","digest":"\#(c)","size":3},"layers":[\#(first),"#
                + #"{"size":2,"digest":"\#(b)","mediaType":"\#(Self.oci)+gzip"}],"annotations":{"z":"1","a":"2"}}"#
        }
        func layer(_ digest: Digest, _ mediaType: String, _ size: Int, _ more: String) -> String {
            #"{"digest":"\#(digest)","annotations":{"k":"v"},\#(more)"mediaType":"\#(mediaType)","size":\#(size)}"#
        }
        let before = text(layer(a, Self.oci, 9, #""data":"eA==","#))
        let stored = try StoredManifest(Array(before.utf8), d, named: "it")
        let old = try #require(stored.manifest.layers.first)
        let new = Manifest.Blob(mediaType: Self.oci + "+gzip", digest: d, size: 5)
        #expect(String(kernel: stored.replacing([old: new])) == text(layer(d, Self.oci + "+gzip", 5, "")))
    }

    /// Byte for byte, however it is written.
    @Test func whatStaysIsNotWrittenAnew() throws {
        let digest = try Self.digest("c")
        let text = """
            { "layers": [] , "schemaVersion" : 2.0,
              "config": {"size": 1, "digest": "\(digest)", "mediaType": "x"} }
            """
        let stored = try StoredManifest(Array(text.utf8), Self.digest("d"), named: "it")
        #expect(stored.replacing([:]) == Array(text.utf8))
    }
}
