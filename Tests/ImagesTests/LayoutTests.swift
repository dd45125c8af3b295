import Core
import Linux
import Testing

@testable import Images

/// OCI layouts of other programs: indexes of indexes, attestations, several platforms.
@Suite struct LayoutTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test(arguments: 0...4) func F2_indexesAreFollowed(_ depth: Int) throws {
        var archive = SavedArchive()
        var top = try archive.image("nested", name: depth == 0 ? "docker.io/library/nested:latest" : nil)
        for level in 0..<depth {
            let name = level == depth - 1 ? "docker.io/library/nested:latest" : nil
            top = try archive.index([archive.attestation(), top, archive.attestation()], name: name)
        }
        archive.finish([top])
        #expect(try scratch.load(archive).map(\.reference) == ["nested:latest"])
        #expect(try scratch.content(of: "nested") == "nested")
        try scratch.expectClean(images: 1)
    }

    @Test(arguments: [false, true], [false, true])
    func F2_theHostsPlatformIsTaken(_ isNested: Bool, _ isFirst: Bool) throws {
        var archive = SavedArchive()
        let name = isNested ? nil : "multi:1"
        var entries = [
            try archive.image("ours", name: name),
            try archive.image("other", SavedArchive.otherArchitecture, name: name), try archive.attestation(),
        ]
        if !isFirst { entries.reverse() }
        archive.finish(isNested ? [try archive.index(entries, name: "multi:1")] : entries)
        #expect(try scratch.load(archive).map(\.reference) == ["multi:1"])
        #expect(try scratch.content(of: "multi:1") == "ours")
        try scratch.expectClean(images: 1)
    }

    /// The blobs of another platform need not be there, and are not read.
    @Test func F2_anAbsentPlatform() throws {
        var archive = SavedArchive()
        var elsewhere = SavedArchive()
        let absent = try elsewhere.image("absent", SavedArchive.otherArchitecture)
        let ours = try archive.image("ours")
        archive.finish([try archive.index([absent, ours], name: "absent:1")])
        _ = try scratch.load(archive)
        #expect(try scratch.content(of: "absent:1") == "ours")
    }

    /// One that is for another platform alone is kept as a pull for that platform keeps it.
    @Test(arguments: [false, true]) func F2_theOnlyPlatformIsTaken(_ saysSo: Bool) throws {
        var archive = SavedArchive()
        let other = SavedArchive.otherArchitecture
        let layer = SavedArchive.layer("file", "other")
        let config = try SavedArchive.config([layer], architecture: other)
        let entry = saysSo ? try archive.image("other", other) : try archive.manifest([layer], config: config)
        let attestation = try archive.attestation()
        archive.finish([try archive.index([attestation, entry], name: "other:1"), entry])
        #expect(try scratch.load(archive).map(\.reference) == ["other:1"])
        #expect(try scratch.content(of: "other:1") == "other")
    }

    /// Which one of several is meant nobody says.
    @Test func F2_severalOfOthersAreRefused() throws {
        var archive = SavedArchive()
        let other = SavedArchive.otherArchitecture
        let entries = [try archive.image("other", other), try archive.image("third", "riscv128")]
        // What could be loaded is not loaded, either.
        archive.finish([try archive.image("ours", name: "ours:1"), try archive.index(entries, name: "other:1")])
        let failure = error { _ = try scratch.load(archive) }
        let text =
            "no matching manifest for linux/\(Platform.hostArchitecture): \"other:1\" is for linux/\(other), linux/riscv128"
        #expect(failure?.description == text)
        #expect(try scratch.store.list().isEmpty)
    }

    @Test func F2_nothingIsHalfLoaded() throws {
        var archive = SavedArchive()
        let whole = try archive.image("whole", name: "whole:1")
        let layer = SavedArchive.layer("file", "broken")
        let wrong = SavedArchive.layer("file", "another")
        let broken = try archive.manifest([layer], config: SavedArchive.config([wrong]))
        archive.finish([whole, broken])
        #expect(error { _ = try scratch.load(archive) }?.operation == "load layer")
        #expect(try scratch.store.list().isEmpty)
        #expect(try Files.names(in: scratch.store.layout.temporary).isEmpty)
        #expect(try Files.names(in: scratch.store.layout.layers).isEmpty)
    }

    @Test func F2_attestationsAloneAreNoImage() throws {
        var archive = SavedArchive()
        archive.finish([try archive.attestation(), try archive.index([archive.attestation()])])
        #expect(error { _ = try scratch.load(archive) }?.cause == .reason("there is no image in it"))
    }

    /// Depth, and a width that doubles with each level: neither takes long.
    @Test func F2_hostileNesting() throws {
        var deep = SavedArchive()
        var top = try deep.image("x")
        for _ in 0..<40 { top = try deep.index([top, top]) }
        deep.finish([top])
        #expect(error { _ = try scratch.load(deep) }?.cause == .reason("its indexes are nested too deeply"))
        var wide = SavedArchive()
        var level = try wide.image("x")
        for _ in 0..<7 { level = try wide.index(Array(repeating: level, count: 100)) }
        wide.finish([level])
        #expect(try scratch.load(wide).count == 1)
    }

    @Test func W3_onlyTheArchivesOwnNames() throws {
        var archive = SavedArchive()
        archive.finish([try archive.image("x", name: "docker.io/library/base:latest")])
        let expected = try scratch.load(archive)
        #expect(expected.map(\.reference) == ["base:latest"])
        try scratch.store.tag("base", as: Reference("other:tag"))
        #expect(try scratch.load(archive) == expected)
        #expect(try scratch.store.resolve("other:tag")?.references == ["base:latest", "other:tag"])
    }

    /// A tag alone, as umoci and skopeo write it, is no name.
    @Test(arguments: ["latest", "1.0", "UPPER/x", ""]) func W3_aTagAloneNamesNothing(_ name: String) throws {
        var archive = SavedArchive()
        archive.finish([try archive.image("x", name: name)])
        #expect(try scratch.load(archive).map(\.reference) == [nil])
    }

    @Test(.timeLimit(.minutes(1))) func S17_aManifestIsUnpackedOnce() throws {
        var archive = SavedArchive()
        let layers = (0..<40).map { SavedArchive.layer("file\($0)", String(repeating: "x", count: 50_000)) }
        let entry = try archive.manifest(layers, config: SavedArchive.config(layers))
        archive.finish(Array(repeating: entry, count: 2000))
        #expect(try scratch.load(archive).map(\.reference) == [nil])
        try scratch.expectClean(images: 1)
    }

    @Test func S17_tooManyNamesAreRefused() throws {
        var archive = SavedArchive()
        let entry = try archive.image("x")
        archive.finish(Array(repeating: entry, count: 5000))
        let failure = error { _ = try scratch.load(archive) }
        #expect(failure?.description.hasSuffix("manifests is too long") == true)
    }

    @Test(
        arguments: [
            ["Env": ["A=b\0c"]], ["Entrypoint": ["/bin/busybox\0x"]], ["Cmd": ["a", "\0"]], ["User": "root\0x"],
            ["WorkingDir": "/\0"], ["StopSignal": "TERM\0"], ["Labels": ["a": "b\0"]], ["Labels": ["a\0": "b"]],
            ["Volumes": ["/v\0": [:]]], ["ExposedPorts": ["80/tcp\0": [:]]],
        ] as [JSON]) func S17_zeroBytesAreRefused(_ config: JSON) throws
    {
        let layer = SavedArchive.layer("file", "x")
        var archive = SavedArchive()
        archive.finish([try archive.manifest([layer], config: SavedArchive.config([layer], config: config))])
        let member = config.members?.first?.key ?? ""
        #expect(
            error { _ = try scratch.load(archive) }?.cause
                == .reason("it is damaged: config.\(member) has a zero byte"))
        #expect(try scratch.store.list().isEmpty)
    }

    @Test func aConfigurationMayBeNull() throws {
        func load(_ config: JSON) throws -> [String?] {
            let layer = SavedArchive.layer("file", "x")
            var archive = SavedArchive()
            archive.finish([try archive.manifest([layer], config: SavedArchive.config([layer], config: config))])
            return try scratch.load(archive).map(\.reference)
        }
        #expect(try load(JSON.null) == [nil])
        #expect(error { _ = try load("text") }?.cause == .reason("it is damaged: config is not an object"))
    }

    @Test func S17_zeroBytesInAChange() throws {
        let path = try scratch.write("a.tar", SavedArchive.layer("file", "x"))
        let change = #"CMD ["a\u0000b"]"#
        #expect(
            error { _ = try scratch.store.importArchive(path, as: Reference("a"), changes: [change]) }?.cause
                == .reason("Cmd would have a zero byte"))
    }

    /// One document for two kinds, each of which another program reads.
    @Test(arguments: [false, true]) func CVE_2021_41190_noDocumentIsTwoKinds(_ isIndex: Bool) throws {
        var archive = SavedArchive()
        let layer = SavedArchive.layer("file", "x")
        let config = try archive.blob(SavedArchive.config([layer]), "config.v1+json")
        let members: JSON = [
            "schemaVersion": 2, "config": config, "layers": [try archive.blob(layer, "layer.v1.tar")],
            "manifests": [try archive.image("y")],
        ]
        let type = isIndex ? "index.v1+json" : "manifest.v1+json"
        archive.finish([try archive.blob(Array(members.compact.utf8), type)])
        let failure = error { _ = try scratch.load(archive) }
        #expect(failure?.description.contains("it is damaged: it is a") == true)
    }

    /// Signatures and charts lie in layouts beside images.
    @Test func whatIsNoImageIsPassedOver() throws {
        var archive = SavedArchive()
        let payload = Array("{}".utf8)
        let content: JSON = [
            "schemaVersion": 2,
            "config": [
                "mediaType": "application/vnd.cncf.helm.config.v1+json", "size": 2,
                "digest": .string(try Archive.digest(payload).description),
            ], "layers": [],
        ]
        archive.finish([
            try archive.blob(Array(content.compact.utf8), "manifest.v1+json"), try archive.image("x", name: "x:1"),
        ])
        #expect(try scratch.load(archive).map(\.reference) == ["x:1"])
    }

    /// An overlay takes no directory twice, and images of old have their empty layer many times.
    @Test func aLayerThatIsThereTwice() throws {
        var archive = SavedArchive()
        let layers = ["a", "b", "a"].map { SavedArchive.layer("file", $0) }
        archive.finish([
            try archive.manifest(
                layers, config: SavedArchive.config(layers),
                [("annotations", ["org.opencontainers.image.ref.name": "twice:1"])])
        ])
        _ = try scratch.load(archive)
        let image = try #require(try scratch.store.resolve("twice:1"))
        #expect(image.layers.count == 3)
        #expect(image.layerDirectories.map { Files.text($0 + "/file") } == ["a", "b"])
    }
}
