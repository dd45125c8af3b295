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
        return StatLine(bytes)
    }
}

/// The line of /proc/PID/stat, as bytes: each answer about a name reads two of them.
struct StatLine {
    private static let space = UInt8(ascii: " ")
    /// From the third field on. The command, field 2, may hold spaces and parentheses: they are behind the last ")".
    private let fields: ArraySlice<UInt8>

    init?(_ bytes: [UInt8]) {
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        fields = bytes[end...].dropFirst(2)
    }

    init?(of pid: pid_t) {
        guard let bytes = try? Files.read("/proc/\(pid)/stat") else { return nil }
        self.init(bytes)
    }

    /// Nil when there are fewer.
    func field(_ number: Int) -> ArraySlice<UInt8>? {
        var start = fields.startIndex
        for _ in 3..<number {
            guard let end = fields[start...].firstIndex(of: Self.space) else { return nil }
            start = end + 1
        }
        return fields[start...].prefix { $0 != Self.space }
    }

    /// `R`, `S`, `T` and so on.
    var state: UInt8? { field(3)?.first }

    /// Nil also when it is negative or too large.
    func number(_ field: Int) -> UInt64? {
        guard let digits = self.field(field), !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            guard (0x30...0x39).contains(byte), !overflows else { return nil }
            let (sum, isTooLarge) = product.addingReportingOverflow(UInt64(byte - 0x30))
            guard !isTooLarge else { return nil }
            value = sum
        }
        return value
    }

    var isEnding: Bool {
        guard let flags = number(9), let pending = number(31) else { return true }
        return flags & 4 != 0 || pending >> UInt64(SIGKILL - 1) & 1 == 1  // PF_EXITING
    }
}
