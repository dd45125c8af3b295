import Core
import Foundation
import Linux
import Testing

@Suite struct FilesTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A hole of any length costs nothing.
    @Test func sizesAreAddedUpToTheGreatestNumber() throws {
        #expect(Int64(3).addingSaturated(4) == 7 && Int64.max.addingSaturated(.max) == .max)
        for name in ["one", "two"] {
            try Files.create(directory(name), [])
            #expect(truncate(directory(name), 1 << 40) == 0)
        }
        #expect(Files.contentSize(below: directory.path) == 2 << 40)
        #expect(Files.diskUsage(below: directory.path) < 1 << 20)
    }

    @Test func replaceLeavesOldOrNew() throws {
        let path = directory("file")
        let size = 200_000
        try Files.replace(path, Array(repeating: 0, count: size))
        let isDone = DispatchSemaphore(value: 0)
        let writer = Thread {
            for value in UInt8(1)...150 { try? Files.replace(path, Array(repeating: value, count: size)) }
            isDone.signal()
        }
        writer.start()
        while isDone.wait(timeout: .now()) == .timedOut {
            let bytes = try Files.read(path)
            #expect(bytes.count == size && Set(bytes).count == 1)
        }
        #expect(try Files.read(path).first == 150)
        #expect(try Files.names(in: directory.path) == ["file"])
    }

    @Test func aChangeIsAnotherVersion() throws {
        let path = directory("file")
        #expect(FileVersion(of: path) == nil)
        try Files.create(path, [1])
        var versions = [FileVersion(of: path)]
        for change in [{ try Files.replace(path, [2]) }, { try Files.set(path, to: "3") }, { _ = truncate(path, 0) }] {
            usleep(50_000)
            #expect(FileVersion(of: path)?.isSettled == true)
            #expect(FileVersion(of: path) == versions.last)
            try change()
            versions.append(FileVersion(of: path))
        }
        for (place, version) in versions.enumerated() { #expect(versions.firstIndex(of: version) == place) }
    }

    /// Of a time in whole seconds nobody knows whether it is one of a file system that has no others.
    @Test func whenALaterChangeHasALaterTime() {
        func isSettled(_ changed: Int, after nanoseconds: Int) -> Bool {
            FileVersion.isSettled(
                timespec(tv_sec: 1000, tv_nsec: changed),
                at: timespec(
                    tv_sec: 1000 + (changed + nanoseconds) / 1_000_000_000,
                    tv_nsec: (changed + nanoseconds) % 1_000_000_000))
        }
        #expect(!isSettled(990_000_000, after: 0) && !isSettled(990_000_000, after: 20_000_000))
        #expect(isSettled(990_000_000, after: 20_000_001))
        #expect(!isSettled(0, after: 20_000_001) && !isSettled(0, after: 2_000_000_000))
        #expect(isSettled(0, after: 2_000_000_001))
    }

    @Test func whatADirectoryListsIsItsVersion() throws {
        let path = directory.path
        try Files.create(directory("one"), [])
        var versions = [FileVersion(of: path)]
        for change in [
            { try Files.create(directory("two"), []) }, { _ = Files.rename(directory("two"), to: directory("three")) },
            { try Files.remove(directory("three")) },
        ] {
            usleep(50_000)
            #expect(FileVersion(of: path) == versions.last)
            try change()
            versions.append(FileVersion(of: path))
        }
        for (place, version) in versions.enumerated() { #expect(versions.firstIndex(of: version) == place) }
    }

    /// One that waited for a pipe would never come back.
    @Test func ofOthersFilesOnlyThoseThatEndAreRead() throws {
        try Files.create(directory("file"), Array("text\n".utf8))
        #expect(symlink("file", directory("link")) == 0 && mkfifo(directory("pipe"), 0o600) == 0)
        #expect(["file", "link"].map { Files.foreignText(directory($0)) } == ["text\n", "text\n"])
        #expect(["pipe", "none"].compactMap { Files.foreignText(directory($0)) } == [])
        #expect(Files.foreignText(directory.path) == nil && Files.foreignText("/dev/zero") == nil)
        #expect(Files.foreignText(directory("file"), limit: 4) == nil)
    }

    @Test func replaceThatFailsLeavesNothing() throws {
        try Files.makeDirectories(directory("file/inside"))
        #expect(throws: OperationError.self) { try Files.replace(directory("file"), [1]) }
        #expect(try Files.names(in: directory.path) == ["file"])
        #expect(throws: OperationError.self) { try Files.replace(directory("none/file"), [1]) }
    }

    /// In a directory that others can write to, somebody may have guessed the name of the file in between.
    @Test func replaceWritesToNothingThatIsThere() throws {
        let temporary = directory("file.\(getpid()).tmp")
        try Files.create(directory("victim"), [1])
        #expect(symlink("victim", temporary) == 0)
        try Files.replace(directory("file"), [2])
        #expect(try Files.read(directory("victim")) == [1] && Files.read(directory("file")) == [2])
        #expect(Files.link(directory("file")) == nil)
        // One that others may read and write.
        try Files.create(temporary, [3], mode: 0o666)
        let planted = try Descriptor.open(temporary, O_RDONLY)
        try Files.replace(directory("file"), [4])
        var status = stat()
        #expect(fstat(planted.number, &status) == 0 && status.st_nlink == 0 && status.st_size == 1)
        #expect(Files.status(directory("file")).map { $0.st_mode & 0o777 } == 0o600)
        #expect(try Files.names(in: directory.path) == ["file", "victim"])
    }

    /// The name in between is nobody else's business.
    @Test func replaceNamesWhatItWasToReplace() throws {
        let path = directory("none/file")
        let error = #expect(throws: OperationError.self) { try Files.replace(path, [1]) }
        #expect(error?.description == "create \"\(path)\": No such file or directory")
    }

    @Test func replaceReplacesALinkAndNotItsTarget() throws {
        // As the program does: modes are what they say.
        Umask.fix()
        try Files.create(directory("target"), [1])
        #expect(symlink("target", directory("link")) == 0)
        try Files.replace(directory("link"), [2], mode: 0o640, durable: true)
        #expect(try Files.read(directory("target")) == [1])
        #expect(Files.link(directory("link")) == nil)
        #expect(Files.status(directory("link")).map { $0.st_mode & 0o777 } == 0o640)
    }

    @Test func createFailsIfThereIsOne() throws {
        try Files.create(directory("file"), [1])
        let error = #expect(throws: OperationError.self) { try Files.create(directory("file"), [2]) }
        #expect(error?.errno == EEXIST)
        #expect(try Files.read(directory("file")) == [1])
    }

    @Test func B01_readReadsAll() throws {
        for size in [0, 1, 1999, 2000, 2001, 4095, 4096, 4097, 65_536, 1_000_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Files.replace(directory("file"), bytes)
            #expect(try Files.read(directory("file")) == bytes)
        }
        let error = #expect(throws: OperationError.self) { _ = try Files.read(directory("file"), limit: 999_999) }
        #expect(error?.errno == EFBIG)
        #expect(throws: OperationError.self) { _ = try Files.read(directory("none")) }
    }

    @Test func linesAndLinks() throws {
        try Files.create(directory("file"), Array("one\n".utf8))
        #expect(Files.line(directory("file")) == "one" && Files.text(directory("file")) == "one\n")
        #expect(Files.line(directory("none")) == nil)
        #expect(symlink("a/../b", directory("link")) == 0)
        #expect(Files.link(directory("link")) == "a/../b")
        #expect(Files.exists(directory("link")) && Files.status(directory("link")) == nil)
        #expect(Files.status(directory("link"), followLinks: false) != nil)
    }

    @Test func directories() throws {
        try Files.makeDirectories(directory("a/b/c"))
        try Files.makeDirectories(directory("a/b/c"))
        #expect(Files.isDirectory(directory("a/b/c")))
        #expect(try !Files.makeDirectory(directory("a")))
        #expect(throws: OperationError.self) { try Files.makeDirectory(directory("a"), existing: false) }
        #expect(try Files.names(in: directory("a")) == ["b"])
        #expect(try Files.names(in: directory("none")) == [])
        try Files.removeDirectory(directory("a/b/c"))
        try Files.removeDirectory(directory("a/b/c"))
        #expect(throws: OperationError.self) { try Files.removeDirectory(directory("a")) }
        try Files.remove(directory("none"))
    }
}
