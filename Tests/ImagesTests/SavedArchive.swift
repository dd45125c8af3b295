import Core
import Linux

@testable import Images

/// The files of an archive of images, as `docker save` and others write them, and their digests.
struct SavedArchive {
    static let otherArchitecture = Platform.hostArchitecture == "arm64" ? "amd64" : "arm64"
    private(set) var files: [(name: String, content: [UInt8])] = []
    private var links: [(name: String, target: String)] = []

    /// A layer with one file.
    static func layer(_ name: String, _ body: String) -> [UInt8] {
        var tar = Tar()
        tar.add(name, body: body)
        return tar.finished
    }

    static func config(
        _ layers: [[UInt8]], architecture: String? = Platform.hostArchitecture, config: JSON = ["Cmd": ["sh"]]
    ) throws -> [UInt8] {
        let digests = try layers.map { try Archive.digest($0).description }
        var members: [(key: String, value: JSON)] = [
            ("config", config), ("rootfs", ["type": "layers", "diff_ids": .strings(digests)]),
        ]
        if let architecture { members += [("os", "linux"), ("architecture", .string(architecture))] }
        return Array(JSON.object(members).compact.utf8)
    }

    mutating func file(_ name: String, _ content: [UInt8]) { files.append((name, content)) }
    mutating func file(_ name: String, _ json: JSON) { file(name, Array(json.compact.utf8)) }
    mutating func link(_ name: String, to target: String) { links.append((name, target)) }

    var finished: [UInt8] {
        var tar = Tar()
        for link in links { tar.symlink(link.name, to: link.target) }
        for file in files { tar.add(file.name, content: file.content) }
        return tar.finished
    }

    // MARK: OCI layouts

    /// - Returns: its descriptor.
    mutating func blob(_ content: [UInt8], _ type: String, _ more: [(key: String, value: JSON)] = []) throws -> JSON {
        let digest = try Archive.digest(content)
        file("blobs/sha256/\(digest.hex)", content)
        return .object(
            [
                ("mediaType", .string("application/vnd.oci.image.\(type)")),
                ("digest", .string(digest.description)), ("size", .number(content.count)),
            ] + more)
    }

    mutating func manifest(_ layers: [[UInt8]], config: [UInt8], _ more: [(key: String, value: JSON)] = []) throws
        -> JSON
    {
        let content: JSON = [
            "schemaVersion": 2, "config": try blob(config, "config.v1+json"),
            "layers": .array(try layers.map { try blob($0, "layer.v1.tar") }),
        ]
        return try blob(Array(content.compact.utf8), "manifest.v1+json", more)
    }

    /// An image of one file, for `architecture`, whose descriptor says so.
    mutating func image(
        _ body: String, _ architecture: String = Platform.hostArchitecture, name: String? = nil
    ) throws -> JSON {
        let layer = Self.layer("file", body)
        let platform: JSON = ["os": "linux", "architecture": .string(architecture)]
        return try manifest(
            [layer], config: Self.config([layer], architecture: architecture),
            [("platform", platform)] + Self.named(name))
    }

    /// What BuildKit adds to say how an image was built.
    mutating func attestation() throws -> JSON {
        let content = Array(#"{"_type":"https://in-toto.io/Statement/v0.1"}"#.utf8)
        return try manifest(
            [content], config: Self.config([content], architecture: "unknown"),
            [
                ("annotations", ["vnd.docker.reference.type": "attestation-manifest"]),
                ("platform", ["os": "unknown", "architecture": "unknown"]),
            ])
    }

    mutating func index(_ manifests: [JSON], name: String? = nil) throws -> JSON {
        let content: JSON = ["schemaVersion": 2, "manifests": .array(manifests)]
        return try blob(Array(content.compact.utf8), "index.v1+json", Self.named(name))
    }

    mutating func finish(_ manifests: [JSON]) {
        file("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        file("index.json", ["schemaVersion": 2, "manifests": .array(manifests)])
    }

    private static func named(_ name: String?) -> [(key: String, value: JSON)] {
        name.map { [("annotations", ["io.containerd.image.name": .string($0)])] } ?? []
    }
}

extension Scratch {
    func load(_ archive: SavedArchive) throws -> [LoadedImage] {
        let path = file("archive-\(UInt64.random(in: 0 ... .max)).tar")
        try Files.create(path, archive.finished)
        return try store.load(path)
    }

    /// The file that each sample image has.
    func content(of name: String) throws -> String? {
        guard let image = try store.resolve(name), let layer = image.layerDirectories.first else { return nil }
        return Files.text(layer + "/file")
    }
}
