import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Containers

/// A few directories that stand for the layers of an image, top one first.
final class Layers {
    let root = NSTemporaryDirectory() + "/mydocker-layers-\(UInt64.random(in: 0...UInt64.max))"
    let paths: [String]

    init(_ count: Int) throws {
        let root = root
        paths = (0..<count).map { "\(root)/\($0)" }
        for path in paths + [root + "/copy"] { try Files.makeDirectories(path, mode: 0o755) }
    }
    deinit { try? Files.removeTree(root) }

    var copyPath: String { root + "/copy" }

    func write(_ text: String, _ layer: Int, _ path: String) throws {
        let file = "\(paths[layer])/\(path)"
        try Files.makeDirectories(String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]), mode: 0o755)
        try Files.create(file, Array(text.utf8), mode: 0o644)
    }

    /// What `path` of all layers becomes.
    func copy(_ path: String) throws {
        let source = try #require(try MergedDirectory(path, inLayers: paths))
        var copy = try LayerCopy(into: copyPath)
        try copy.run(source)
    }

    func text(_ path: String) -> String? { Files.text("\(copyPath)/\(path)") }
    func status(_ path: String) -> stat? { Files.status("\(copyPath)/\(path)", followLinks: false) }
}

@Suite struct MergedDirectoryTests {
    @Test func whatIsAboveHidesWhatIsBelow() throws {
        let layers = try Layers(3)
        try layers.write("top", 0, "data/both")
        try layers.write("bottom", 2, "data/both")
        try layers.write("deep", 2, "data/in/deep")
        try layers.write("middle", 1, "data/in/middle")
        // A file in the place of a directory, and a directory in the place of a file.
        try layers.write("file", 0, "data/changed")
        try layers.write("hidden", 1, "data/changed/x")
        try layers.write("shown", 0, "data/other/x")
        try layers.write("hidden", 1, "data/other")
        try layers.write("hidden", 2, "data/other/y")
        try layers.copy("/data")
        #expect(layers.text("both") == "top")
        #expect(layers.text("in/deep") == "deep" && layers.text("in/middle") == "middle")
        #expect(layers.text("changed") == "file")
        #expect(try Files.names(in: layers.copyPath + "/other") == ["x"])
        #expect(try Files.names(in: layers.copyPath).sorted() == ["both", "changed", "in", "other"])
    }

    @Test func linksOnTheWayStayInTheImage() throws {
        let layers = try Layers(2)
        try layers.write("here", 1, "srv/file")
        #expect(symlink("/srv", layers.paths[0] + "/absolute") == 0)
        #expect(symlink("../../../../..\(layers.paths[1])", layers.paths[0] + "/outside") == 0)
        try layers.copy("/absolute")
        #expect(layers.text("file") == "here")
        #expect(try MergedDirectory("/outside/srv", inLayers: layers.paths) == nil)
        #expect(try MergedDirectory("/nothing", inLayers: layers.paths) == nil)
        #expect(try MergedDirectory("/srv/file", inLayers: layers.paths) == nil)
    }

    @Test func linksInsideAreCopiedAndNotFollowed() throws {
        let layers = try Layers(1)
        try layers.write("x", 0, "data/file")
        #expect(symlink("/etc/passwd", layers.paths[0] + "/data/link") == 0)
        #expect(symlink("/etc", layers.paths[0] + "/data/directory") == 0)
        try layers.copy("/data")
        #expect(Files.link(layers.copyPath + "/link") == "/etc/passwd")
        #expect(Files.link(layers.copyPath + "/directory") == "/etc")
    }

    @Test func hardLinksModesTimesAndAttributesStay() throws {
        let layers = try Layers(1)
        let data = layers.paths[0] + "/data"
        try layers.write("x", 0, "data/in/first")
        #expect(Files.makeHardLink(data + "/second", to: data + "/in/first"))
        try layers.write("y", 0, "data/set")
        #expect(chmod(data + "/set", 0o4711) == 0 && chmod(data + "/in", 0o2750) == 0 && chmod(data, 0o1777) == 0)
        let times = [timespec(tv_sec: 1000, tv_nsec: 5), timespec(tv_sec: 2000, tv_nsec: 7)]
        #expect(utimensat(AT_FDCWD, data + "/set", times, 0) == 0 && utimensat(AT_FDCWD, data + "/in", times, 0) == 0)
        #expect(mkfifo(data + "/pipe", 0o620) == 0 && chmod(data + "/pipe", 0o622) == 0)
        try layers.copy("/data")
        #expect(layers.status("second")?.st_ino == layers.status("in/first")?.st_ino)
        #expect(layers.status("second")?.st_nlink == 2)
        #expect(layers.status("set")?.st_mode == S_IFREG | 0o4711)
        #expect(layers.status("in")?.st_mode == S_IFDIR | 0o2750)
        #expect(layers.status("")?.st_mode == S_IFDIR | 0o1777)
        #expect(layers.status("pipe")?.st_mode == S_IFIFO | 0o622)
        for name in ["set", "in"] {
            let status = try #require(layers.status(name))
            #expect(status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 7)
        }
    }

    @Test func holesStayHoles() throws {
        let layers = try Layers(1)
        try layers.write("", 0, "data/sparse")
        let file = try Descriptor.open(layers.paths[0] + "/data/sparse", O_RDWR)
        let bytes = Array("island".utf8)
        #expect(pwrite(file.number, bytes, bytes.count, 8 << 20) == bytes.count)
        #expect(ftruncate(file.number, 64 << 20) == 0)
        try layers.write("", 0, "data/empty")
        try layers.write("", 0, "data/hole")
        #expect(truncate(layers.paths[0] + "/data/hole", 1 << 20) == 0)
        try layers.copy("/data")
        let status = try #require(layers.status("sparse"))
        #expect(status.st_size == 64 << 20 && status.st_blocks * 512 < 1 << 20)
        #expect(layers.status("hole")?.st_size == 1 << 20 && layers.status("empty")?.st_size == 0)
        let copied = try Descriptor.open(layers.copyPath + "/sparse", O_RDONLY)
        var found = [UInt8](repeating: 0, count: bytes.count)
        #expect(pread(copied.number, &found, found.count, 8 << 20) == bytes.count && found == bytes)
    }

    @Test func namesAreBytes() throws {
        let layers = try Layers(1)
        let name = String(kernel: [0x62, 0xfc])
        try layers.write("x", 0, "data/\(name)/\(name)")
        try layers.copy("/data")
        #expect(layers.text("\(name)/\(name)") == "x")
    }

    @Test func noDepthIsTooMuchToSaySo() throws {
        let layers = try Layers(1)
        try layers.write("x", 0, "data/" + String(repeating: "d/", count: 300) + "x")
        let works: [() throws -> Void] = [
            { try layers.copy("/data") }, { _ = try MergedTree.list("/data", inLayers: layers.paths) },
            { _ = try TreeComparison.list(from: [layers.copyPath], to: layers.paths) },
        ]
        for work in works {
            let error = #expect(throws: OperationError.self) { try work() }
            #expect(error?.description.hasSuffix("it has more than 200 directories in each other") == true)
        }
    }
}
