import Core
import Foundation
import Linux
import Testing

@testable import Images

/// A directory that goes with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/mydocker-images-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? Files.removeTree(path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
    var store: ImageStore { ImageStore(root: file("store")) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Files.create(file(name), bytes)
        return file(name)
    }

    /// Nothing half-made is left: every blob, layer and record belongs to an image of the index.
    func expectClean(images: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let index = try ImageIndex.read(store.layout.index)
        #expect(index.images.count == images, sourceLocation: sourceLocation)
        #expect(try Files.names(in: store.layout.temporary).isEmpty, sourceLocation: sourceLocation)
        let records = try index.images.map { try store.record($0) }
        #expect(
            try Set(Files.names(in: store.layout.layers)) == Set(records.flatMap { $0.layers.map(\.hex) }),
            sourceLocation: sourceLocation)
        #expect(
            try Set(Files.names(in: store.layout.blobs)) == Set(records.flatMap { $0.blobs.map(\.hex) }),
            sourceLocation: sourceLocation)
    }
}

/// Archives byte by byte, so that they can say what no well-meaning program would write.
struct Tar {
    private(set) var bytes: [UInt8] = []

    mutating func add(
        _ name: String, type: Character = "0", mode: Int = 0o644, uid: Int = 0, gid: Int = 0,
        mtime: Int = 1_000_000_000,
        link: String = "", body: String = "", device: (Int, Int) = (0, 0)
    ) {
        add(
            name, type: type, mode: mode, uid: uid, gid: gid, mtime: mtime, link: link, content: Array(body.utf8),
            device: device)
    }

    mutating func add(
        _ name: String, type: Character = "0", mode: Int = 0o644, uid: Int = 0, gid: Int = 0,
        mtime: Int = 1_000_000_000, link: String = "", content: [UInt8], device: (Int, Int) = (0, 0)
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            for (i, byte) in text.utf8.enumerated() { header[offset + i] = byte }
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - 1 - digits.count) + digits
        }
        put(name, 0)
        put(octal(mode, 8), 100)
        put(octal(uid, 8), 108)
        put(octal(gid, 8), 116)
        put(octal(content.count, 12), 124)
        put(octal(mtime, 12), 136)
        put("        ", 148)
        put(String(type), 156)
        put(link, 157)
        put("ustar\u{0}00", 257)
        put(octal(device.0, 8), 329)
        put(octal(device.1, 8), 337)
        put(octal(header.reduce(0) { $0 + Int($1) }, 7), 148)
        header[154] = 0
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// An extended header for the entry that follows.
    mutating func addPax(_ records: [(String, String)]) {
        var body = ""
        for (key, value) in records {
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count + 1
            while String(length).utf8.count + rest.utf8.count != length { length += 1 }
            body += String(length) + rest
        }
        add("PaxHeaders/x", type: "x", body: body)
    }

    mutating func directory(_ name: String, mode: Int = 0o755) { add(name, type: "5", mode: mode) }
    mutating func symlink(_ name: String, to target: String) { add(name, type: "2", mode: 0o777, link: target) }
    mutating func hardlink(_ name: String, to target: String) { add(name, type: "1", link: target) }

    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// Runs a program to its end and gives what it wrote.
@discardableResult
func run(_ arguments: String..., environment: [String: String] = [:]) throws -> (code: Int32, output: String) {
    let process = Process()
    let pipe = Foundation.Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

func error(_ body: () throws -> Void) -> OperationError? {
    do {
        try body()
        return nil
    } catch { return error as? OperationError }
}

/// This test program once more, to do one thing in a process of its own: see `ChildTests`.
func startChild(_ work: String, _ store: String, _ argument: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Files.link("/proc/self/exe")))
    process.arguments = ["--testing-library", "swift-testing", "--filter", "ChildTests"]
    process.environment = ProcessInfo.processInfo.environment.merging(
        ["MYDOCKER_CHILD": work, "MYDOCKER_CHILD_STORE": store, "MYDOCKER_CHILD_ARGUMENT": argument]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
}

private let childWork = ProcessInfo.processInfo.environment["MYDOCKER_CHILD"]

/// Does nothing but in such a process.
struct ChildTests {
    @Test func work() throws {
        guard let childWork else { return }
        let environment = ProcessInfo.processInfo.environment
        let store = ImageStore(root: try #require(environment["MYDOCKER_CHILD_STORE"]))
        let argument = try #require(environment["MYDOCKER_CHILD_ARGUMENT"])
        switch childWork {
        case "import": _ = try store.importArchive(argument, as: Reference("child:latest"))
        case "default": #expect(try store.defaultImage().references == ["busybox:latest"])
        default: Issue.record("no such work")
        }
    }
}
