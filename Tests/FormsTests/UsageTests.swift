import Core
import Forms
import Testing

@Suite struct UsageTests {
    private func usage(_ seconds: Int64, cpu: Int64) -> ContainerUsage {
        var usage = ContainerUsage(moment: Example.seconds(later: seconds))
        usage.cpu = cpu
        return usage
    }

    @Test func aRowOfStats() throws {
        var now = usage(12, cpu: 3_500_000_000)
        now.memory = 1_310_720
        now.memoryLimit = 8_336_000_000
        now.received = 1234
        now.sent = 0
        now.read = 4_260_000
        now.written = 12
        now.tasks = 3
        let id = try Example.id("4f")
        try expect(
            now.row(id, "web", since: usage(10, cpu: 3_000_000_000), isWhole: false).fields,
            is: #"""
                {"BlockIO": "4.26MB / 12B", "CPUPerc": "25.00%", "Container": "4f4f4f4f4f4f", "ID": "4f4f4f4f4f4f",
                "MemPerc": "0.02%", "MemUsage": "1.25MiB / 7.764GiB", "Name": "web", "NetIO": "1.23kB / 0B",
                "PIDs": "3"}
                """#)
        let first = now.row(id, "web", since: nil, isWhole: true)
        #expect(first.text("CPUPerc") == "0.00%" && first.text("ID") == id.hex)
    }

    /// A container that has begun again has used less than before.
    @Test func noShareIsNegative() throws {
        let id = try Example.id("4f")
        let row = usage(12, cpu: 5).row(id, "web", since: usage(10, cpu: 6), isWhole: false)
        #expect(row.text("CPUPerc") == "0.00%")
        #expect(row.text("MemUsage") == "0B / 0B" && row.text("MemPerc") == "0.00%")
    }

    @Test func sizesInBinaryUnits() {
        for (bytes, text): (Int64, String) in [
            (0, "0B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (10_240, "10KiB"), (1 << 20, "1MiB"),
            (123_456_789, "117.7MiB"), (8_336_000_000, "7.764GiB"), (1 << 40, "1TiB"), (1_047_552, "1023KiB"),
        ] {
            #expect(HumanText.binarySize(bytes) == text, "\(bytes)")
        }
    }

    private var process: ProcessStatus {
        var process = ProcessStatus(pid: 4242)
        process.parent = 4200
        process.name = "sleep"
        process.state = "S"
        process.arguments = ["sleep", "1000"]
        process.user = 1000
        process.terminal = 136 << 8 | 5
        process.cpuTicks = 6100
        process.startTicks = 500_000
        process.virtualSize = 4096 * 1024
        process.residentSize = 1024 * 1024
        return process
    }

    @Test func columnsOfProcesses() {
        // It began 5000 seconds after boot, and runs for 122.
        let clock = ProcessClock(
            now: Example.seconds(later: 5122), boot: Example.moment, ticks: 100, memory: 100 * 1024 * 1024)
        func text(_ column: ProcessColumn) -> String { column.text(of: process, clock, users: [1000: "me"]) }
        for (column, expected): (ProcessColumn, String) in [
            (.pid, "4242"), (.ppid, "4200"), (.user, "me"), (.uid, "1000"), (.c, "50"), (.pcpu, "50.0"),
            (.pmem, "1.0"), (.vsz, "4096"), (.rss, "1024"), (.tty, "pts/5"), (.time, "00:01:01"), (.bsdtime, "1:01"),
            (.etime, "02:02"), (.comm, "sleep"), (.args, "sleep 1000"), (.stat, "S"),
        ] {
            #expect(text(column) == expected, "\(column)")
        }
        var kernel = process
        kernel.arguments = []
        kernel.terminal = 0
        kernel.user = 7
        #expect(ProcessColumn.args.text(of: kernel, clock, users: [:]) == "[sleep]")
        #expect(ProcessColumn.tty.text(of: kernel, clock, users: [:]) == "?")
        #expect(ProcessColumn.user.text(of: kernel, clock, users: [:]) == "7")
        #expect(ProcessColumn(named: "cmd") == .args && ProcessColumn(named: "%mem") == .pmem)
        #expect(ProcessColumn(named: "wchan") == nil && ProcessColumn(named: "bsdtime") == nil)
    }
}
