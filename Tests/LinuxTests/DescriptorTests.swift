import Core
import Foundation
import Linux
import Testing

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
