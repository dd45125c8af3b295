import CLinux
import Core
import Glibc

/// Signals as data: blocked, and read from a descriptor.
package struct SignalDescriptor: ~Copyable {
    package let descriptor: Descriptor

    /// Blocks `signals` in the calling thread.
    package init(_ signals: [Int32]) throws(OperationError) {
        let result = clinux_signalfd(signals, signals.count)
        guard result >= 0 else { throw OperationError("watch signals", errno: -result) }
        descriptor = Descriptor(owning: result)
    }

    package consuming func close() {}

    /// The next signal that has arrived, or nil.
    package func next() -> Int32? {
        let result = clinux_signalfd_read(descriptor.number)
        return result > 0 ? result : nil
    }
}

package enum Signal {
    /// The numbers by name, without `SIG` (signal(7), x86 and ARM).
    package static let numbers: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
        "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18,
        "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26,
        "PROF": 27, "WINCH": 28, "IO": 29, "PWR": 30, "SYS": 31, "RTMIN": 34, "RTMAX": 64,
    ]
    /// Other names of theirs (signal(7), and asm-generic/signal.h for LOST).
    private static let synonyms: [String: Int32] = [
        "IOT": 6, "CLD": 17, "POLL": 29, "LOST": 29, "INFO": 30, "UNUSED": 31,
    ]
    /// Those that glibc and musl leave to programs.
    private static let realTime: ClosedRange<Int32> = 34...64

    /// Reads `TERM`, `SIGTERM`, `term`, `15`, `RTMIN+3`, `SIGRTMAX-3`.
    package static func parse(_ text: String) -> Int32? {
        if let number = Decimal.parse(text, in: 1...64) { return Int32(number) }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        return numbers[name] ?? synonyms[name] ?? offset(name, behind: "RTMIN+").map { realTime.lowerBound + $0 }
            ?? offset(name, behind: "RTMAX-").map { realTime.upperBound - $0 }
    }

    private static func offset(_ name: String, behind prefix: String) -> Int32? {
        guard name.hasPrefix(prefix) else { return nil }
        return Decimal.parse(name.dropFirst(prefix.utf8.count), in: 0...realTime.count - 1).map { Int32($0) }
    }

    /// `SIGTERM` for 15, `SIGRTMIN+1` for 35 and, as bash has it, `SIGRTMAX-1` for 63; `parse` reads all of them.
    package static func name(_ number: Int32) -> String {
        if let name = numbers.first(where: { $0.value == number })?.key { return "SIG" + name }
        guard realTime.contains(number) else { return String(number) }
        let (above, below) = (number - realTime.lowerBound, realTime.upperBound - number)
        return above <= below ? "SIGRTMIN+\(above)" : "SIGRTMAX-\(below)"
    }
}
