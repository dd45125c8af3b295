import Core
import Foundation
import Fuzzing
import Linux
import Testing

@testable import Images

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    private static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

    @Test func references() {
        Fuzz.texts(["busybox", "a/b:1.2", "localhost:5000/x/y_z", "docker.io/library/x:t@\(Self.digest)"], cost: 3) {
            text in
            do throws(OperationError) {
                let reference = try Reference(text)
                if try Reference(reference.description) != reference { Issue.record("\(text.debugDescription)") }
            } catch {
                if error.description.isEmpty { Issue.record("\(text.debugDescription)") }
            }
        }
    }

    @Test func configurationChanges() {
        let examples = [
            "CMD [\"a\",\"b\"]", "ENTRYPOINT sh -c x", "ENV A=1 B=\"2 3\"", "LABEL k v", "EXPOSE 80 443/udp 8000-8002",
            "VOLUME [\"/a\"]", "WORKDIR ../x", "USER 1:2", "STOPSIGNAL SIGINT", "ENV a\\ b='c'",
        ]
        Fuzz.texts(examples, cost: 4) { text in
            do throws(OperationError) {
                var config = ImageConfig()
                try ConfigChange.apply([text], to: &config)
                if (try? ImageConfig(config.json)) != config { Issue.record("\(text.debugDescription): \(config)") }
            } catch {
                if error.description.isEmpty { Issue.record("\(text.debugDescription)") }
            }
        }
    }

    @Test func documents() throws {
        let scratch = try Scratch()
        var config = ImageConfig()
        try ConfigChange.apply(["CMD x", "ENV A=1", "LABEL a=b", "EXPOSE 80", "USER u", "STOPSIGNAL 9"], to: &config)
        let digest = try #require(Digest(Self.digest))
        let record = ImageRecord(
            id: digest, manifest: digest, created: Timestamp(nanoseconds: 3), layers: [digest],
            layerSizes: [7], blobs: [digest], config: config,
            platform: Platform(system: "linux", architecture: "arm", variant: "v7"))
        let manifest = Manifest(
            config: .init(mediaType: Manifest.configType, digest: digest, size: 1),
            layers: [.init(mediaType: Manifest.layerType, digest: digest, size: 2)])
        let index = """
            {"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"\(Self.digest)","size":5,"annotations":\
            {"mydocker.image.id":"\(Self.digest)","org.opencontainers.image.ref.name":"a:b"}},{"digest":"foreign"}]}
            """
        let examples = [record.json.compact, manifest.json.compact, index].map { Array($0.utf8) }
        let path = try scratch.write("index.json", [])
        Fuzz.bytes(examples, cost: 20) { bytes in
            do {
                try Files.replace(path, bytes)
                let read = try ImageIndex.read(path)
                try Files.replace(path, Array(read.json.compact.utf8))
                if try ImageIndex.read(path).entries != read.entries { Issue.record("\(read.json.compact)") }
                _ = try? (read.match("a:b"), read.match("0123"))
            } catch {
                if String(describing: error).isEmpty { Issue.record("\(bytes)") }
            }
            guard let json = try? JSON(parsing: bytes) else { return }
            if let read = try? ImageRecord(RecordReader(json)),
                (try? ImageRecord(RecordReader(read.json)))?.json != read.json
            {
                Issue.record("\(json.compact)")
            }
            if let read = try? Manifest(RecordReader(json)), (try? Manifest(RecordReader(read.json)))?.json != read.json
            {
                Issue.record("\(json.compact)")
            }
        }
    }

    /// Whatever an archive says, it changes nothing outside of its own directory, and leaves nothing there when refused.
    @Test func archives() throws {
        let scratch = try Scratch()
        let guarded = scratch.file("guarded")
        try Files.makeDirectory(guarded)
        let examples = [Self.archive(guarded, compressed: false), Self.archive(guarded, compressed: true)]
        let image = try Reference("x")
        var round = 0
        try Fuzz.bytes(examples, cost: 100) { bytes in
            round += 1
            let path = try scratch.write("\(round).tar", bytes)
            defer { unlink(path) }
            do {
                _ = try scratch.store.importArchive(path, as: image)
            } catch {
                if String(describing: error).isEmpty { Issue.record("\(bytes)") }
            }
            let (names, around) = (try Files.names(in: guarded), try Files.names(in: scratch.path))
            if !names.isEmpty || !Set(around).isSubset(of: ["guarded", "store", "\(round).tar"]) {
                Issue.record("round \(round): \(names) \(around)")
            }
        }
        #expect(try Files.names(in: scratch.store.layout.temporary).isEmpty)
    }

    private static func archive(_ outside: String, compressed: Bool) -> [UInt8] {
        var tar = Tar()
        tar.directory("etc")
        tar.add("etc/passwd", body: "root:x:0:0::/:/bin/sh\n")
        tar.symlink("out", to: outside)
        tar.add("./bin/sh", mode: 0o4755, body: String(repeating: "x", count: 700))
        tar.hardlink("bin/ash", to: "bin/sh")
        tar.addPax([("path", "long/" + String(repeating: "y", count: 150)), ("SCHILY.xattr.user.a", "b")])
        tar.add("short")
        tar.add("etc/.wh.passwd")
        tar.add("../up/../x")
        tar.add("dev/null", type: "3", device: (1, 3))
        guard compressed else { return tar.finished }
        // Without the compression's own checks in front a change would seldom get through: a store-only gzip.
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
        let content = tar.finished
        let length = UInt16(content.count)
        bytes += [1, UInt8(length & 0xff), UInt8(length >> 8), UInt8(~length & 0xff), UInt8(~length >> 8)] + content
        return bytes + [0, 0, 0, 0] + (0..<4).map { UInt8(content.count >> (8 * $0) & 0xff) }
    }
}
