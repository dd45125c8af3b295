import Core
import Foundation
import Linux
import Testing

@Suite struct RemoveTreeTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func goneTreeIsSuccess() throws {
        try Files.removeTree(directory("none"))
        try Files.removeTree(directory("none/below"))
    }

    @Test func removesAll() throws {
        try Files.makeDirectories(directory("tree/a/b"))
        for name in ["x", "a/x", "a/b/x", "a/b/.hidden", "a/b/with\nnewline"] {
            try Files.create(directory("tree/" + name), [])
        }
        #expect(mkfifo(directory("tree/fifo"), 0o600) == 0)
        for number in 0..<2000 { try Files.create(directory("tree/a/\(number)"), []) }
        try Files.removeTree(directory("tree"))
        #expect(!Files.exists(directory("tree")))
    }

    /// Of a tree that is gone: as long as they are open, nobody waits for their blocks to be freed.
    @Test func directoriesAreKeptOpen() throws {
        try Files.makeDirectories(directory("tree/a/b"))
        try Files.makeDirectories(directory("tree/empty"))
        try Files.create(directory("tree/a/file"), [])
        let kept = DescriptorSet()
        try Files.removeTree(directory("tree"), keeping: kept)
        #expect(!Files.exists(directory("tree")))
        #expect(kept.count == 3)
        for number in 0..<100 { try Files.makeDirectories(directory("many/\(number)")) }
        try Files.removeTree(directory("many"), keeping: kept)
        #expect(kept.count < 20)
        kept.closeAll()
        #expect(kept.count == 0)
    }

    @Test func linksOutOfTheTreeAreNotFollowed() throws {
        try Files.makeDirectories(directory("outside/kept"))
        try Files.create(directory("outside/file"), [1])
        try Files.makeDirectories(directory("tree/a"))
        #expect(symlink(directory("outside"), directory("tree/absolute")) == 0)
        #expect(symlink("../../outside", directory("tree/a/relative")) == 0)
        #expect(symlink(directory("outside/file"), directory("tree/file")) == 0)
        #expect(symlink(".", directory("tree/self")) == 0)
        try Files.removeTree(directory("tree"))
        #expect(!Files.exists(directory("tree")))
        #expect(try Files.read(directory("outside/file")) == [1])
        #expect(Files.isDirectory(directory("outside/kept")))
    }

    @Test func treeThatIsALinkIsNotFollowed() throws {
        try Files.makeDirectories(directory("outside"))
        try Files.create(directory("outside/file"), [1])
        #expect(symlink("outside", directory("tree")) == 0)
        #expect(throws: OperationError.self) { try Files.removeTree(directory("tree")) }
        #expect(try Files.read(directory("outside/file")) == [1])
    }

    /// Deeper than there are descriptors: a container can make such a tree.
    @Test(arguments: [200, 5000]) func deepTree(depth: Int) throws {
        try Files.makeDirectory(directory("tree"))
        var current = try Descriptor.open(directory("tree"), O_RDONLY | O_DIRECTORY)
        for _ in 0..<depth {
            #expect(mkdirat(current.number, "d", 0o700) == 0)
            let file = openat(current.number, "f", O_CREAT | O_WRONLY, 0o600)
            close(file)
            current = try current.open(at: "d", O_RDONLY | O_DIRECTORY)
        }
        try Files.removeTree(directory("tree"))
        #expect(!Files.exists(directory("tree")))
    }

    /// Names are bytes, not text.
    @Test func namesThatAreNoText() throws {
        try Files.makeDirectory(directory("tree"))
        let tree = try Descriptor.open(directory("tree"), O_RDONLY | O_DIRECTORY)
        let names: [[UInt8]] = [[0xff], [0x61, 0xe9, 0x62], [0xed, 0xa0, 0x80], Array(repeating: 0xe9, count: 255)]
        for name in names {
            let text = (name + [0]).map(CChar.init(bitPattern:))
            #expect(mkdirat(tree.number, text, 0o700) == 0)
            let file = openat(
                tree.number, (name.dropLast() + [0x2f, 0xfe, 0]).map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY,
                0o600)
            if file >= 0 { close(file) }
        }
        try Files.removeTree(directory("tree"))
        #expect(!Files.exists(directory("tree")))
    }
}
