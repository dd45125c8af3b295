import Core
import Foundation
import Linux
import Testing

@Suite struct CopyTreeTests {
    let directory: TemporaryDirectory
    init() throws {
        directory = try TemporaryDirectory()
        for name in ["from", "to", "from/tree", "from/tree/below"] { try Files.makeDirectory(directory(name)) }
        try Files.create(directory("from/tree/below/file"), Array("words".utf8), mode: 0o640)
    }

    private func root(_ name: String) throws -> Descriptor {
        try Descriptor.open(directory(name), O_RDONLY | O_DIRECTORY)
    }

    /// As `from/NAME` to `to/NEW`.
    @discardableResult
    private func copy(_ name: String, as newName: String, to target: String = "to") throws -> Int64 {
        var copy = TreeCopy(.given(user: geteuid(), group: getegid()))
        let place = try TreePlace("/\(name)", below: root("from"), followsLink: false)
        try copy.copy(place, from: "from/" + name, to: root(target), as: FileName(newName), path: newName)
        return copy.copied
    }

    private func failure(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }

    @Test func modesAndTimesAreThoseOfTheOriginal() throws {
        let moment = Date(timeIntervalSince1970: 1_000_000)
        for name in ["from/tree/below/file", "from/tree/below", "from/tree"] {
            try FileManager.default.setAttributes([.modificationDate: moment], ofItemAtPath: directory(name))
        }
        chmod(directory("from/tree/below"), 0o751)
        #expect(try copy("tree", as: "new") == 5)
        #expect(Files.text(directory("to/new/below/file")) == "words")
        for name in ["", "/below", "/below/file"] {
            let (before, after) = (
                Files.status(directory("from/tree" + name)), Files.status(directory("to/new" + name))
            )
            #expect(before?.st_mode == after?.st_mode && after?.st_mtim.tv_sec == 1_000_000, "\(name)")
        }
        #expect(Files.status(directory("to/new/below"))?.st_mode == S_IFDIR | 0o751)
    }

    @Test func linksPipesAndNamesOfOneFileStayWhatTheyAre() throws {
        #expect(try Files.makeSymbolicLink(directory("from/tree/link"), to: "/etc/passwd"))
        #expect(Files.makeHardLink(directory("from/tree/other"), to: directory("from/tree/below/file")))
        mkfifo(directory("from/tree/pipe"), 0o600)
        try copy("tree", as: "new")
        #expect(Files.link(directory("to/new/link")) == "/etc/passwd")
        let names = ["other", "below/file"].map { Files.status(directory("to/new/" + $0)) }
        #expect(names[0]?.st_nlink == 2 && names[0]?.st_ino == names[1]?.st_ino)
        #expect(Files.status(directory("to/new/pipe")).map { $0.st_mode & S_IFMT } == S_IFIFO)
    }

    @Test func holesStayHoles() throws {
        let size: off_t = 64 << 20
        let file = try Descriptor.open(directory("from/sparse"), O_WRONLY | O_CREAT)
        #expect(ftruncate(file.number, size) == 0 && pwrite(file.number, "x", 1, size / 2) == 1)
        try copy("sparse", as: "sparse")
        let status = try #require(Files.status(directory("to/sparse")))
        #expect(status.st_size == size && status.st_blocks * 512 < 1 << 20)
        let copied = try Descriptor.open(directory("to/sparse"), O_RDONLY)
        var byte: UInt8 = 0
        #expect(pread(copied.number, &byte, 1, size / 2) == 1 && byte == UInt8(ascii: "x"))
    }

    @Test func aFileIsReplacedAndALinkIsNotFollowed() throws {
        try Files.create(directory("outside"), Array("outside".utf8))
        #expect(try Files.makeSymbolicLink(directory("to/file"), to: directory("outside")))
        try copy("tree/below/file", as: "file")
        #expect(Files.text(directory("outside")) == "outside")
        #expect(Files.link(directory("to/file")) == nil && Files.text(directory("to/file")) == "words")
        try Files.makeDirectory(directory("out"))
        #expect(try Files.makeSymbolicLink(directory("to/tree"), to: directory("out")))
        let text = failure { try copy("tree", as: "tree") }
        #expect(text == "copy to \"tree\": cannot overwrite non-directory with directory")
        #expect(try Files.names(in: directory("out")).isEmpty)
    }

    @Test func aDirectoryIsNotReplacedByAFile() throws {
        try Files.makeDirectory(directory("to/file"))
        let text = failure { try copy("tree/below/file", as: "file") }
        #expect(text == "copy to \"file\": cannot overwrite directory with non-directory")
        #expect(Files.isDirectory(directory("to/file")))
    }

    @Test func aTreeIsNotCopiedIntoItself() throws {
        let text = failure { try copy("tree", as: "again", to: "from/tree/below") }
        #expect(text == "copy \"from/tree\": it would be copied into itself")
        #expect(Files.status(directory("from/tree/below/again/below/again/below")) == nil)
    }

    @Test func whoseOwnerChangesRunsAsItsUserNoMore() {
        var status = stat()
        status.st_mode = S_IFREG | 0o6755
        status.st_uid = 7
        #expect(CopyOwnership.given(user: 0, group: 0).mode(of: status) == 0o755)
        #expect(CopyOwnership.given(user: 7, group: 0).mode(of: status) == 0o6755)
        #expect(CopyOwnership.kept.mode(of: status) == 0o6755)
        status.st_mode = S_IFDIR | 0o2755
        #expect(CopyOwnership.given(user: 0, group: 0).mode(of: status) == 0o2755)
    }

    @Test func noPathLeadsOut() throws {
        try Files.create(directory("secret"), Array("secret".utf8))
        let links = [
            ("up", "../../../../../secret"), ("absolute", directory("secret")), ("around", "around"), ("dir", ".."),
        ]
        for (name, target) in links { #expect(try Files.makeSymbolicLink(directory("from/" + name), to: target)) }
        let root = try root("from")
        for path in ["/up", "/absolute", "/../secret", "/dir/secret", "/tree/below/../../../secret"] {
            #expect(size(path, below: root) == nil, "\(path)")
        }
        #expect(failure { _ = try TreePlace("/around", below: root, followsLink: true) } != nil)
        #expect(size("/dir/tree/below/file", below: root) == 5)
    }

    /// Of what a path leads to; nil when it leads nowhere.
    private func size(_ path: String, below root: borrowing Descriptor) -> off_t? {
        guard let place = try? TreePlace(path, below: root, followsLink: true) else { return nil }
        return place.status?.st_size
    }

    /// A directory on the way and a link that leads out change places all the time.
    @Test func noRaceLeadsOut() throws {
        try Files.makeDirectory(directory("outside"))
        try Files.create(directory("outside/file"), Array("secret".utf8))
        #expect(try Files.makeSymbolicLink(directory("from/tree/link"), to: directory("outside")))
        let (first, second) = (directory("from/tree/below"), directory("from/tree/link"))
        let isDone = Stop()
        let swapper = Thread {
            while !isDone.isSet {
                rename(first, first + "0")
                rename(second, first)
                rename(first, second)
                rename(first + "0", first)
            }
            isDone.ended.signal()
        }
        swapper.start()
        for _ in 0..<2000 {
            guard let place = try? TreePlace("/tree/below/file", below: root("from"), followsLink: true) else {
                continue
            }
            #expect(place.status == nil || place.status?.st_size == 5)
            _ = try? copy("tree", as: "raced")
            // The link itself is copied as one.
            let isLink = Files.link(directory("to/raced/below")) != nil
            #expect(isLink || Files.text(directory("to/raced/below/file")) != "secret")
            try Files.removeTree(directory("to/raced"))
        }
        isDone.set()
        isDone.ended.wait()
    }

    private final class Stop: @unchecked Sendable {
        private let lock = NSLock()
        private var value = false
        let ended = DispatchSemaphore(value: 0)
        var isSet: Bool { lock.withLock { value } }
        func set() { lock.withLock { value = true } }
    }
}

@Suite struct WholeFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private func file() throws -> WholeFile {
        let root = try Descriptor.open(directory.path, O_RDONLY | O_DIRECTORY)
        return try WholeFile(TreePlace("/file", below: root, followsLink: true), path: "file", mode: 0o600)
    }

    @Test func itReplacesWhatWasThereOnceItIsWhole() throws {
        try Files.create(directory("file"), Array("old".utf8))
        let file = try file()
        try Files.writeAll(Array("new".utf8), to: file.descriptor, named: "file")
        #expect(Files.text(directory("file")) == "old")
        try file.finish()
        #expect(Files.text(directory("file")) == "new")
        #expect(try Files.names(in: directory.path) == ["file"])
    }

    @Test func nothingIsLeftOfAPart() throws {
        do {
            let file = try file()
            try Files.writeAll(Array("part".utf8), to: file.descriptor, named: "file")
        }
        #expect(try Files.names(in: directory.path).isEmpty)
    }
}
