import Core
import Linux
import Testing

@testable import Images

/// Archives of `docker save` before 25, of `podman save`, of Bazel: each has its files elsewhere.
@Suite struct DockerArchiveTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    enum Writer: CaseIterable { case dockerOfOld, docker25, podman, bazel, kaniko }

    private let layers = [SavedArchive.layer("lower", "lower"), SavedArchive.layer("file", "upper")]

    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let path = try scratch.write("packed-\(UInt64.random(in: 0 ... .max))", bytes)
        try run("gzip", path)
        return try Files.read(path + ".gz")
    }

    private func archive(_ writer: Writer, names: JSON = ["some/app:1"]) throws -> (archive: SavedArchive, id: Digest) {
        let config = try SavedArchive.config(layers)
        let id = try Archive.digest(config)
        let hexes = try layers.map { try Archive.digest($0).hex }
        var archive = SavedArchive()
        var paths: [String]
        var configPath = "\(id.hex).json"
        switch writer {
        case .dockerOfOld:
            paths = hexes.map { "\(String($0.reversed()))/layer.tar" }
            for path in paths { archive.file(path.replacing("layer.tar", with: "VERSION"), Array("1.0".utf8)) }
            archive.file("repositories", ["some/app": ["1": "x"]])
        case .docker25:
            configPath = "blobs/sha256/\(id.hex)"
            paths = hexes.map { "blobs/sha256/\($0)" }
        case .podman: paths = hexes.map { "\($0).tar" }
        case .bazel: paths = hexes.map { "\($0).tar.gz" }
        case .kaniko:
            configPath = "sha256:\(id.hex)"
            paths = hexes.map { "\($0).tar.gz" }
        }
        for (path, layer) in zip(paths, layers) {
            archive.file(path, path.hasSuffix(".gz") ? try gzip(layer) : layer)
        }
        // As podman has it for those who know the form of old.
        if writer == .podman { for hex in hexes { archive.link("x\(hex)/layer.tar", to: "../\(hex).tar") } }
        archive.file(configPath, config)
        archive.file(
            "manifest.json", [["Config": .string(configPath), "RepoTags": names, "Layers": .strings(paths)]])
        if writer == .docker25 {
            let manifest = try archive.manifest(
                layers, config: config, [("annotations", ["io.containerd.image.name": "docker.io/some/app:1"])])
            archive.finish([manifest])
        }
        return (archive, id)
    }

    @Test(arguments: Writer.allCases, ["cat", "gzip -c", "zstd -c"])
    func W1_aDockerArchiveIsLoaded(_ writer: Writer, _ compression: String) throws {
        let (archive, id) = try archive(writer)
        let path = try scratch.write("plain.tar", archive.finished)
        let packed = scratch.file("packed")
        #expect(try run("sh", "-c", "\(compression) <'\(path)' >'\(packed)'").code == 0)
        #expect(try scratch.store.load(packed) == [LoadedImage(id: id, reference: "some/app:1")])
        let image = try #require(try scratch.store.resolve("some/app:1"))
        #expect(image.id == id && image.config.command == ["sh"])
        #expect(Files.text(image.layerDirectories[0] + "/file") == "upper")
        #expect(Files.text(image.layerDirectories[1] + "/lower") == "lower")
        try scratch.expectClean(images: 1)
        // It is an image as every other.
        let committed = try scratch.store.commit(
            CommitRequest(upperDirectory: scratch.path, base: .image(image), reference: nil))
        #expect(try scratch.store.resolve(committed.description)?.layers.count == 3)
    }

    @Test func W1_namesAreDockersOwn() throws {
        for (names, expected) in [
            (["docker.io/library/x:latest", "x:latest", "localhost/y:2"], ["x:latest", "localhost/y:2"]),
            ([], [nil]), (.null, [nil]),
        ] as [(JSON, [String?])] {
            #expect(try scratch.load(archive(.podman, names: names).archive).map(\.reference) == expected)
        }
        for name in ["UPPER:1", "a b", "", "../x:1", "x@sha256:\(String(repeating: "0", count: 64))"] {
            let archive = try archive(.podman, names: [.string(name)]).archive
            #expect(error { _ = try scratch.load(archive) }?.operation == "load image", "\(name)")
        }
    }

    /// `docker save` of old writes a layer once and links to it from where it is needed again.
    @Test func W1_layersMayBeLinks() throws {
        let layer = SavedArchive.layer("file", "x")
        var archive = SavedArchive()
        archive.link("two/layer.tar", to: "../one/layer.tar")
        archive.file("one/layer.tar", layer)
        archive.file("config.json", try SavedArchive.config([layer, layer]))
        archive.file(
            "manifest.json",
            [["Config": "config.json", "RepoTags": ["links:1"], "Layers": ["one/layer.tar", "two/layer.tar"]]])
        _ = try scratch.load(archive)
        #expect(try scratch.content(of: "links:1") == "x")
    }

    @Test(arguments: ["/SECRET", "../../../../../../../../../../../../SECRET", "/proc/self/root/SECRET"])
    func W1_linksLeadNowhereElse(_ target: String) throws {
        let layer = SavedArchive.layer("file", "secret")
        let secret = try scratch.write("secret.tar", layer)
        let target = target.replacing("/SECRET", with: secret)
        for isNamed in [false, true] {
            var archive = SavedArchive()
            archive.link("one.tar", to: target)
            archive.file("config.json", try SavedArchive.config([layer]))
            let path = isNamed ? target : "one.tar"
            archive.file("manifest.json", [["Config": "config.json", "Layers": [.string(path)]]])
            #expect(error { _ = try scratch.load(archive) }?.errno != nil)
        }
        #expect(try scratch.store.list().isEmpty)
    }

    @Test func W1_contentThatIsNotWhatItShouldBe() throws {
        let layer = SavedArchive.layer("file", "x")
        let other = SavedArchive.layer("file", "y")
        let config = try SavedArchive.config([layer])
        let name = "\(String(repeating: "0", count: 64)).json"
        for (path, layers, content) in [
            ("c.json", ["l"], other), ("c.json", ["l", "l"], layer), ("c.json", [], layer), ("c.json", ["."], layer),
            ("", ["l"], layer), (name, ["l"], layer), ("c.json", ["nosuch"], layer), ("manifest.json", ["l"], layer),
        ] {
            var archive = SavedArchive()
            if path.hasSuffix(".json"), path != "manifest.json" { archive.file(path, config) }
            archive.file("l", content)
            archive.file("manifest.json", [["Config": .string(path), "Layers": .strings(layers)]])
            let failure = error { _ = try scratch.load(archive) }
            #expect(failure != nil, "\(path) \(layers)")
        }
        #expect(try scratch.store.list().isEmpty)
        #expect(try Files.names(in: scratch.store.layout.temporary).isEmpty)
    }

    /// As a pull for another platform has it: it is here, though it does not run here.
    @Test func W1_anotherArchitectureIsKept() throws {
        for architecture in [SavedArchive.otherArchitecture, nil] {
            let layer = SavedArchive.layer("file", architecture ?? "none")
            var archive = SavedArchive()
            archive.file("l", layer)
            archive.file("c", try SavedArchive.config([layer], architecture: architecture))
            archive.file("manifest.json", [["Config": "c", "Layers": ["l"], "RepoTags": ["arch:1"]]])
            #expect(try scratch.load(archive).map(\.reference) == ["arch:1"])
            #expect(try scratch.content(of: "arch:1") == architecture ?? "none")
        }
    }

    @Test func W1_severalImagesAndOneTwice() throws {
        let layer = SavedArchive.layer("file", "x")
        var archive = SavedArchive()
        archive.file("l", layer)
        var entries: [JSON] = []
        for number in 0..<3 {
            archive.file("c\(number)", try SavedArchive.config([layer], config: ["User": .string("\(number % 2)")]))
            entries.append([
                "Config": .string("c\(number)"), "Layers": ["l"], "RepoTags": [.string("several:\(number)")],
            ])
        }
        archive.file("manifest.json", .array(entries))
        #expect(try scratch.load(archive).map(\.reference) == ["several:0", "several:2", "several:1"])
        try scratch.expectClean(images: 2)
    }

    @Test func W1_anArchiveBeforeThereWasAManifest() throws {
        var archive = SavedArchive()
        archive.file("repositories", [:])
        #expect(error { _ = try scratch.load(archive) }?.description.contains("a Docker before 1.10") == true)
    }
}
