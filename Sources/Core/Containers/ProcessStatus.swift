/// One process as proc(5) tells it, in the host's numbers.
package struct ProcessStatus: Equatable, Sendable {
    package var pid: Int32
    package var parent: Int32 = 0
    package var group: Int32 = 0
    package var session: Int32 = 0
    /// As ps(1) writes them: `S`, `R`, `Z`.
    package var state = "?"
    package var name = ""
    /// Empty for a zombie.
    package var arguments: [String] = []
    /// Effective.
    package var user: UInt32 = 0
    /// Device number of its terminal; 0 when it has none.
    package var terminal: UInt32 = 0
    package var nice: Int64 = 0
    package var threads: Int64 = 1
    /// Clock ticks: in user and kernel mode, and since boot when it began.
    package var cpuTicks: UInt64 = 0
    package var startTicks: UInt64 = 0
    /// Bytes.
    package var virtualSize: Int64 = 0
    package var residentSize: Int64 = 0
    /// Bytes that no file on disk stands behind.
    package var anonymousSize: Int64 = 0
    /// Bytes from and to disks.
    package var read: Int64 = 0
    package var written: Int64 = 0

    package init(pid: Int32) { self.pid = pid }
}

/// What ages and shares of processes are computed from.
package struct ProcessClock: Equatable, Sendable {
    package var now: Timestamp
    package var boot: Timestamp
    /// Clock ticks per second.
    package var ticks: UInt64
    /// Of this host, in bytes.
    package var memory: Int64

    package init(now: Timestamp, boot: Timestamp, ticks: UInt64, memory: Int64) {
        self.now = now
        self.boot = boot
        self.ticks = max(1, ticks)
        self.memory = memory
    }

    package func start(of process: ProcessStatus) -> Timestamp {
        let (seconds, rest) = process.startTicks.quotientAndRemainder(dividingBy: ticks)
        let after = Int64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000).partialValue
        return Timestamp(nanoseconds: boot.nanoseconds &+ after &+ Int64(rest * 1_000_000_000 / ticks))
    }

    /// Seconds of processor time.
    package func seconds(of process: ProcessStatus) -> Int64 { Int64(clamping: process.cpuTicks / ticks) }

    /// Percent of one processor since it began.
    package func share(of process: ProcessStatus) -> Double {
        let age = Double(now.nanoseconds(since: start(of: process))) / 1e9
        return age > 0 ? Double(process.cpuTicks) / Double(ticks) * 100 / age : 0
    }
}

/// What a container uses at one moment.
package struct ContainerUsage: Equatable, Sendable {
    package var moment: Timestamp
    /// Nanoseconds of processor time since it began.
    package var cpu: Int64 = 0
    /// Bytes, without what is only cached of files.
    package var memory: Int64 = 0
    /// Bytes that it may have: its limit, or this host's memory.
    package var memoryLimit: Int64 = 0
    package var received: Int64 = 0
    package var sent: Int64 = 0
    package var read: Int64 = 0
    package var written: Int64 = 0
    /// Processes and threads.
    package var tasks: Int64 = 0

    package init(moment: Timestamp) { self.moment = moment }
}
