import Foundation
import Testing

@testable import Images

/// Headers as other programs read them.
@Suite struct ArchiveHeaderTests {
    /// What GNU tar says of an archive.
    private func listed(_ archive: [UInt8]) throws -> (text: String, code: Int32) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("header-\(UUID()).tar").path
        try Data(archive).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
        process.arguments = ["--utc", "--numeric-owner", "-tvf", path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus)
    }

    @Test func othersReadThem() throws {
        let name = "blobs/sha256/" + String(repeating: "a", count: 64)
        let content = Array("hello".utf8)
        let archive =
            ArchiveHeader.bytes("blobs/", size: 0) + ArchiveHeader.bytes(name, size: 5) + content
            + ArchiveHeader.padding(after: 5) + ArchiveHeader.bytes(String(repeating: "n", count: 100), size: 0)
            + ArchiveHeader.end
        let (text, code) = try listed(archive)
        #expect(code == 0)
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "drwxr-xr-x 0/0 0 1970-01-01 00:00 blobs/", "-rw-r--r-- 0/0 5 1970-01-01 00:00 \(name)",
                "-rw-r--r-- 0/0 0 1970-01-01 00:00 \(String(repeating: "n", count: 100))",
            ])
    }

    /// The file itself is missing: what counts is how long it is said to be.
    @Test(arguments: [Int64(1) << 33 - 1, 1 << 33, 1 << 40]) func longFiles(size: Int64) throws {
        let (text, _) = try listed(ArchiveHeader.bytes("long", size: size))
        #expect(text.contains(" \(size) 1970-01-01"))
    }

    @Test func blocksAreFilledUp() {
        #expect(ArchiveHeader.padding(after: 0).isEmpty && ArchiveHeader.padding(after: 1024).isEmpty)
        #expect(ArchiveHeader.padding(after: 1).count == 511 && ArchiveHeader.padding(after: 513).count == 511)
    }
}
