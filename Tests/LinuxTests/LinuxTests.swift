import Core
import Foundation
import Linux
import Testing

final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "linux-tests-" + UUID().uuidString
        try Files.makeDirectory(path)
    }

    deinit {
        let remover = Process()
        remover.executableURL = URL(fileURLWithPath: "/bin/rm")
        remover.arguments = ["-rf", path]
        try? remover.run()
        remover.waitUntilExit()
    }

    func callAsFunction(_ name: String) -> String { path + "/" + name }
}

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

@Suite struct DescriptorTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try Files.makeDirectories(directory("root/etc"))
        try Files.create(directory("root/etc/passwd"), Array("inside".utf8))
        try Files.create(directory("secret"), Array("outside".utf8))
    }

    private func read(_ path: String) throws -> String {
        let root = try Descriptor.open(directory("root"), O_RDONLY | O_DIRECTORY)
        let file = try root.open(inRoot: path, O_RDONLY)
        return String(decoding: try Files.read(file, named: path), as: UTF8.self)
    }

    @Test(arguments: ["etc/passwd", "/etc/passwd", "../../etc/passwd", "/../../../etc/passwd", "etc/../../etc/passwd"])
    func pathsStayInside(path: String) throws { #expect(try read(path) == "inside") }

    @Test(arguments: ["/etc/passwd", "../../../../../etc/passwd", "../etc/passwd", "/../etc/passwd"])
    func linksStayInside(target: String) throws {
        #expect(symlink(target, directory("root/link")) == 0)
        #expect(try read("link") == "inside")
        #expect(try read("/etc/../link") == "inside")
    }

    @Test func whatIsOutsideIsNotThere() throws {
        #expect(symlink(directory("secret"), directory("root/absolute")) == 0)
        #expect(symlink("../secret", directory("root/relative")) == 0)
        #expect(symlink("..", directory("root/up")) == 0)
        #expect(symlink("loop", directory("root/loop")) == 0)
        for path in ["absolute", "relative", "../secret", "up/secret", "up/../../secret", directory("secret"), "loop"] {
            #expect(throws: OperationError.self) { _ = try read(path) }
        }
    }

    @Test func linksOfProcAreNotFollowed() throws {
        let root = try Descriptor.open("/", O_RDONLY | O_DIRECTORY)
        #expect(throws: OperationError.self) { _ = try root.open(inRoot: "/proc/self/exe", O_RDONLY) }
        #expect(throws: OperationError.self) { _ = try root.open(inRoot: "/proc/self/root/etc/passwd", O_RDONLY) }
    }

    @Test func descriptorsAreClosedOnExecAndAtTheEnd() throws {
        let number: Int32
        do {
            let file = try Descriptor.open(directory("secret"), O_RDONLY)
            number = file.number
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
            let copy = try file.duplicate()
            #expect(fcntl(copy.number, F_GETFD) & FD_CLOEXEC != 0)
        }
        let given = try Descriptor.open(directory("secret"), O_RDONLY).release()
        #expect(fcntl(given, F_GETFD) >= 0)
        close(given)
    }

    @Test func pipes() throws {
        var pipe = try Descriptor.pipe()
        try write([1, 2], pipe.writeNumber)
        pipe.closeWrite()
        #expect(pipe.writeNumber == -1)
        if let read = pipe.takeRead() { #expect(try Files.read(read, named: "pipe") == [1, 2]) }
        #expect(pipe.readNumber == -1)
    }

    private func write(_ bytes: [UInt8], _ descriptor: Int32) throws {
        #expect(Foundation.write(descriptor, bytes, bytes.count) == bytes.count)
    }
    private func read(_ descriptor: Int32, _ buffer: inout [UInt8], _ count: Int) -> Int {
        Foundation.read(descriptor, &buffer, count)
    }
}

@Suite struct ProcessTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func ownIdentity() throws {
        let own = try #require(ProcessIdentity(of: getpid()))
        #expect(own.isAlive && own.pid == getpid())
        #expect(ProcessIdentity(of: getpid()) == own)
        #expect(!ProcessIdentity(pid: getpid(), startTime: own.startTime + 1).isAlive)
        #expect(!canOpen(ProcessIdentity(pid: getpid(), startTime: own.startTime + 1)))
        #expect(ProcessIdentity(of: 1 << 22) == nil)
        #expect(ProcessIdentity(of: -1) == nil)
    }

    /// The same start as that of a well-behaved name, which is what field 22 is compared with.
    @Test(arguments: ["a b", "a) S 1 2", "((x)", ") (", ") R 1 1 1"])
    func commandsWithSpacesAndParentheses(name: String) throws {
        let path = directory(name)
        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["100"]
        let before = try #require(ProcessIdentity(of: getpid()))
        try process.run()
        defer { process.terminate() }
        let identity = try #require(ProcessIdentity(of: process.processIdentifier))
        let status = try #require(Files.text("/proc/\(process.processIdentifier)/comm"))
        #expect(status == name + "\n")
        let uptime = try #require(Files.line("/proc/uptime")?.split(separator: " ").first.flatMap { Double($0) })
        #expect(identity.startTime >= before.startTime)
        #expect(abs(Double(identity.startTime) / Double(sysconf(Int32(_SC_CLK_TCK))) - uptime) < 60)
        try expectEnd(of: identity, process)
    }

    @Test func oneOfTwoProcessesHasEnded() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["100"]
        try process.run()
        let identity = try #require(ProcessIdentity(of: process.processIdentifier))
        let own = try #require(ProcessIdentity(of: getpid()))
        guard let other = identity.open(), let one = own.open() else { throw OperationError("no handle") }
        let endedBefore = ProcessDescriptor.hasEnded(one, or: other)
        kill(identity.pid, SIGKILL)
        process.waitUntilExit()
        let endedAfter = [
            ProcessDescriptor.hasEnded(one, or: other), ProcessDescriptor.hasEnded(other, or: one),
            ProcessDescriptor.hasEnded(one, or: one),
        ]
        #expect(!endedBefore && endedAfter == [true, true, false])
        #expect(!canOpen(ProcessIdentity(pid: getpid(), startTime: own.startTime + 1)))
    }

    private func canOpen(_ identity: ProcessIdentity) -> Bool {
        let handle = identity.open()
        return switch consume handle {
        case .some: true
        case .none: false
        }
    }

    private func expectEnd(of identity: ProcessIdentity, _ process: Process) throws {
        guard let handle = identity.open() else { throw OperationError("no handle") }
        let endedBefore = handle.waitForEnd(milliseconds: 0)
        try handle.send(SIGKILL)
        let endedAfter = handle.waitForEnd(milliseconds: 10_000)
        #expect(!endedBefore && endedAfter)
        process.waitUntilExit()
        #expect(!identity.isAlive && !canOpen(identity))
        #expect(errorOfSending(handle)?.errno == ESRCH)
    }

    private func errorOfSending(_ handle: borrowing ProcessDescriptor) -> OperationError? {
        do throws(OperationError) {
            try handle.send(SIGKILL)
            return nil
        } catch {
            return error
        }
    }
}

@Suite struct SignalTests {
    @Test(arguments: [
        ("TERM", 15), ("SIGTERM", 15), ("term", 15), ("SigTerm", 15), ("15", 15), ("KILL", 9), ("9", 9), ("1", 1),
        ("64", 64),
        ("RTMIN", 34), ("RTMIN+3", 37), ("SIGRTMIN+30", 64), ("RTMAX", 64), ("HUP", 1), ("WINCH", 28), ("CHLD", 17),
        ("RTMAX-1", 63), ("SIGRTMAX-3", 61), ("rtmax-30", 34), ("RTMAX-0", 64), ("CLD", 17), ("SIGIOT", 6),
        ("LOST", 29),
        ("POLL", 29), ("UNUSED", 31), ("INFO", 30),
    ])
    func F9_parses(text: String, number: Int32) { #expect(Signal.parse(text) == number) }

    @Test(arguments: [
        "", "0", "65", "-9", "+9", "09", " 9", "9 ", "SIG", "SIGSIGTERM", "NOPE", "SIG9", "RTMIN+31", "RTMIN+",
        "RTMIN-1", "RTMIN+-1", "RTMAX-31", "RTMAX+1", "RTMAX-", "RTMAX--1", "RTMIN+03", "EMT",
        "TERM\0", "9999999999999999999",
    ])
    func refuses(text: String) { #expect(Signal.parse(text) == nil) }

    @Test func namesRoundTrip() {
        for number in Int32(1)...64 { #expect(Signal.parse(Signal.name(number)) == number) }
        #expect(Signal.name(15) == "SIGTERM")
        // As bash's kill -l has them.
        #expect([6, 17, 29, 30, 31].map(Signal.name) == ["SIGABRT", "SIGCHLD", "SIGIO", "SIGPWR", "SIGSYS"])
        #expect([40, 49, 50, 63].map(Signal.name) == ["SIGRTMIN+6", "SIGRTMIN+15", "SIGRTMAX-14", "SIGRTMAX-1"])
    }
}

@Suite struct DeadlineTests {
    @Test func comesAndMayBeTooFarAway() {
        #expect(Deadline(milliseconds: 0).millisecondsLeft == 0)
        #expect(Deadline(seconds: -1).millisecondsLeft == 0)
        #expect((1...100_000).contains(Deadline(seconds: 100).millisecondsLeft))
        for length in [Int64.max, Int64.max / 1000] { #expect(Deadline(seconds: length).millisecondsLeft == Int32.max) }
    }
}
