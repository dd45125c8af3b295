import Core
import Glibc

/// The line of /proc/PID/stat (proc(5)), as bytes.
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
