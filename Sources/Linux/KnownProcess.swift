import Core
import Glibc

/// /proc/PID/stat (proc(5)), kept open: it goes on telling of the same process, and never of another one that gets its number.
package struct KnownProcess: ~Copyable {
    private let file: Descriptor
    /// Bytes: more than the longest one has.
    private static let limit = 4096

    /// Nil when the process is gone.
    package init?(of process: ProcessIdentity) {
        guard let file = try? Descriptor.open("/proc/\(process.pid)/stat", O_RDONLY),
            Self.line(of: file)?.number(22) == process.startTime
        else { return nil }
        self.file = file
    }

    /// Whether the process is gone, or will be whatever it does: it has been killed, or is being taken apart.
    package var isEnding: Bool { Self.line(of: file)?.isEnding ?? true }

    private static func line(of file: borrowing Descriptor) -> StatLine? {
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, pread(file.number, buffer.baseAddress, limit, 0))
        }
        return StatLine(String(kernel: bytes[...]))
    }
}

/// The line of /proc/PID/stat.
struct StatLine {
    /// From the third field on. The command, field 2, may hold spaces and parentheses: they are behind the last ")".
    private let fields: Substring

    init?(_ text: String) {
        guard let end = text.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        fields = text[end...].dropFirst(2)
    }

    init?(of pid: pid_t) {
        guard let text = Files.text("/proc/\(pid)/stat") else { return nil }
        self.init(text)
    }

    /// By bytes, and no further than needed: this is asked often.
    func field(_ number: Int) -> Substring? {
        let space = UInt8(ascii: " ")
        var rest = fields.utf8
        for _ in 3..<number {
            guard let end = rest.firstIndex(of: space) else { return nil }
            rest = rest[end...].dropFirst()
        }
        return Substring(rest.prefix { $0 != space })
    }

    func number(_ field: Int) -> UInt64? { self.field(field).flatMap { UInt64($0) } }

    var isEnding: Bool {
        guard let flags = number(9), let pending = number(31) else { return true }
        return flags & 4 != 0 || pending >> UInt64(SIGKILL - 1) & 1 == 1  // PF_EXITING
    }
}
