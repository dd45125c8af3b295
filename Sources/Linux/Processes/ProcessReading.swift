import Core
import Glibc

extension ProcessStatus {
    /// Nil when there is no such process.
    /// - Parameter readsDisk: what it has read and written, and its anonymous memory, too.
    package init?(reading pid: pid_t, readsDisk: Bool = false) {
        guard let stat = Files.text("/proc/\(pid)/stat"), let status = ProcessStatus(pid: pid, stat: stat) else {
            return nil
        }
        self = status
        if readsDisk {
            adopt(Files.text("/proc/\(pid)/status") ?? "", Files.text("/proc/\(pid)/io") ?? "")
            return
        }
        user = Files.status("/proc/\(pid)")?.st_uid ?? 0
        let bytes = (try? Files.read("/proc/\(pid)/cmdline")) ?? []
        arguments = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(kernel: $0) }
        if arguments.last?.isEmpty ?? false { arguments.removeLast() }
    }

    /// - Parameter stat: `/proc/PID/stat`.
    package init?(pid: pid_t, stat: String) {
        // The command may hold spaces and parentheses: it ends at the last ")".
        guard let begin = stat.utf8.firstIndex(of: UInt8(ascii: "(")),
            let end = stat.utf8.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = stat[end...].dropFirst().split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count > 21 else { return nil }
        /// By its number in proc(5).
        func number(_ field: Int) -> Int64 { Int64(fields[field - 3]) ?? 0 }
        self.init(pid: pid)
        name = String(stat[stat.utf8.index(after: begin)..<end])
        state = String(fields[0])
        parent = Int32(truncatingIfNeeded: number(4))
        group = Int32(truncatingIfNeeded: number(5))
        session = Int32(truncatingIfNeeded: number(6))
        terminal = UInt32(truncatingIfNeeded: number(7))
        cpuTicks = UInt64(max(0, number(14))) + UInt64(max(0, number(15)))
        nice = number(19)
        threads = number(20)
        startTicks = UInt64(fields[22 - 3]) ?? 0
        virtualSize = number(23)
        residentSize = number(24) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// - Parameters:
    ///   - status: `/proc/PID/status`.
    ///   - io: `/proc/PID/io`.
    private mutating func adopt(_ status: String, _ io: String) {
        let kibibytes = KernelCounters(status)
        anonymousSize = ((kibibytes["RssAnon:"] ?? 0) + (kibibytes["RssShmem:"] ?? 0)) * 1024
        let bytes = KernelCounters(io)
        read = bytes["read_bytes:"] ?? 0
        written = bytes["write_bytes:"] ?? 0
    }
}

/// Lines of a name and a number, as many files of the kernel's have them.
package struct KernelCounters {
    private var values: [Substring: Int64] = [:]

    package init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count > 1, let number = Int64(words[1]) { values[words[0]] = number }
        }
    }

    package subscript(_ name: Substring) -> Int64? { values[name] }
}

extension ProcessClock {
    package static func read() -> ProcessClock {
        let boot = KernelCounters(Files.text("/proc/stat") ?? "")["btime"] ?? 0
        return ProcessClock(
            now: .now(), boot: Timestamp(nanoseconds: boot * 1_000_000_000), ticks: UInt64(sysconf(Int32(_SC_CLK_TCK))),
            memory: HostMemory.total)
    }
}
