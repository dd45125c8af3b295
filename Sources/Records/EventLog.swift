import Core
import Glibc
import Linux

/// What has happened on this host, a line of JSON for each event, in a file that any number of programs append to at the same
/// time, and one before it.
///
/// It is in the runtime directory: nobody waits for a disk, a full one does no harm, and events end with what they are about.
/// An event that cannot be written is lost, and nothing else.
package struct EventLog: Sendable {
    /// Bytes, with the line's end. What is longer goes without its attributes.
    static let longestLine = 4095
    /// Bytes: from then on another file is begun.
    static let longestFile: Int64 = 1 << 18

    let path: String
    var former: String { path + ".1" }

    package init(_ path: String) { self.path = path }

    /// One open, write, seek and close, whatever the number of events.
    package func append(_ events: [Event]) {
        if events.isEmpty { return }
        // Who was killed, or had no room, may have left half a line.
        let bytes: [UInt8] = [0x0a] + events.flatMap(Self.line)
        try? write(bytes)
    }

    private static func line(_ event: Event) -> [UInt8] {
        let line = Array(event.json.compact.utf8)
        if line.count < longestLine { return line + [0x0a] }
        let action = String(event.action.unicodeScalars.prefix(256))
        return Array(Event(event.kind, action, event.actor, at: event.time).json.compact.utf8) + [0x0a]
    }

    private func write(_ bytes: [UInt8]) throws(OperationError) {
        // Whatever lies there by now, nobody waits for it.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK
        let file = try Descriptor.open(path, flags, as: "append")
        try FaultPoint.pass("append", path)
        let count = bytes.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw OperationError("append", path, errno: errno) }
        if lseek(file.number, 0, SEEK_CUR) >= Self.longestFile { try rotate(file) }
    }

    /// One program does it; who comes later finds that it is done.
    private func rotate(_ file: borrowing Descriptor) throws(OperationError) {
        var status = stat()
        guard file.tryLock(exclusive: true) == 0, fstat(file.number, &status) == 0,
            Files.status(path, followLinks: false)?.st_ino == status.st_ino
        else { return }
        try FaultPoint.pass("rename", path)
        guard Files.rename(path, to: former) else { throw OperationError("rename", path, errno: errno) }
    }
}
