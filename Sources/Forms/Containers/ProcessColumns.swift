import Core
import Glibc

/// The columns of ps(1) that `top` knows.
package enum ProcessColumn: String, CaseIterable, Sendable {
    case pid, ppid, pgid, sid, uid, user, ni, nlwp, c, pcpu, pmem, vsz, rss, tty, stat, s, stime, etime, time, bsdtime
    case comm, args

    /// - Parameter name: as `-o` takes it.
    package init?(named name: String) {
        let others: [String: ProcessColumn] = [
            "pgrp": .pgid, "sess": .sid, "session": .sid, "euid": .uid, "euser": .user, "uname": .user, "nice": .ni,
            "thcount": .nlwp, "%cpu": .pcpu, "%mem": .pmem, "vsize": .vsz, "rssize": .rss, "rsz": .rss, "tt": .tty,
            "tname": .tty, "state": .s, "start_time": .stime, "start": .stime, "cputime": .time, "ucmd": .comm,
            "ucomm": .comm, "cmd": .args, "command": .args,
        ]
        guard let column = others[name] ?? (name == "bsdtime" ? nil : ProcessColumn(rawValue: name)) else { return nil }
        self = column
    }

    /// Of its standard header.
    package var header: String {
        switch self {
        case .pcpu: "%CPU"
        case .pmem: "%MEM"
        case .etime: "ELAPSED"
        case .bsdtime: "TIME"
        case .comm: "COMMAND"
        case .args: "CMD"
        default: rawValue.uppercased()
        }
    }

    /// - Parameter users: names by their ids.
    package func text(of process: ProcessStatus, _ clock: ProcessClock, users: [UInt32: String]) -> String {
        switch self {
        case .pid: String(process.pid)
        case .ppid: String(process.parent)
        case .pgid: String(process.group)
        case .sid: String(process.session)
        case .uid: String(process.user)
        case .user: users[process.user] ?? String(process.user)
        case .ni: String(process.nice)
        case .nlwp: String(process.threads)
        case .c: String(min(99, Int(clock.share(of: process))))
        case .pcpu: HumanText.tenths(clock.share(of: process))
        case .pmem:
            HumanText.tenths(clock.memory > 0 ? Double(process.residentSize) * 100 / Double(clock.memory) : 0)
        case .vsz: String(process.virtualSize / 1024)
        case .rss: String(process.residentSize / 1024)
        case .tty: Self.terminal(process.terminal)
        case .s, .stat: process.state
        case .stime: Self.start(clock.start(of: process), now: clock.now)
        case .etime: Self.elapsed(clock.now.nanoseconds(since: clock.start(of: process)) / 1_000_000_000)
        case .time: Self.clock(clock.seconds(of: process))
        case .bsdtime:
            "\(clock.seconds(of: process) / 60):" + Self.two(clock.seconds(of: process) % 60)
        case .comm: process.name
        case .args: process.arguments.isEmpty ? "[\(process.name)]" : process.arguments.joined(separator: " ")
        }
    }

    private static func two(_ number: some BinaryInteger) -> String { (number < 10 ? "0" : "") + String(number) }

    /// `[days-]hours:minutes:seconds`
    private static func clock(_ seconds: Int64) -> String {
        let days = seconds / 86_400
        let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(two).joined(separator: ":")
        return days > 0 ? "\(days)-\(time)" : time
    }

    /// The same without leading hours.
    private static func elapsed(_ seconds: Int64) -> String {
        let whole = clock(max(0, seconds))
        return seconds < 3600 ? String(whole.dropFirst(3)) : whole
    }

    /// Device numbers are in devices.txt of the kernel.
    private static func terminal(_ number: UInt32) -> String {
        let major = number >> 8 & 0xfff
        let minor = number & 0xff | number >> 12 & 0xfff00
        switch major {
        case 136...143: return "pts/\((major - 136) << 8 | minor)"
        case 4: return minor < 64 ? "tty\(minor)" : "ttyS\(minor - 64)"
        default: return "?"
        }
    }

    /// The time of day; the day when that was another one, and the year likewise.
    private static func start(_ moment: Timestamp, now: Timestamp) -> String {
        let (then, today) = (fields(moment), fields(now))
        if then.tm_year != today.tm_year { return String(then.tm_year + 1900) }
        if then.tm_yday == today.tm_yday { return "\(two(then.tm_hour)):\(two(then.tm_min))" }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return months[Int(then.tm_mon) % 12] + two(then.tm_mday)
    }

    private static func fields(_ moment: Timestamp) -> tm {
        var seconds = time_t(moment.nanoseconds / 1_000_000_000)
        var fields = tm()
        localtime_r(&seconds, &fields)
        return fields
    }
}

extension HumanText {
    /// With one decimal.
    static func tenths(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
