import Core
import Testing

@testable import Containers

@Suite struct CgroupUsageTests {
    @Test func version2() {
        let files = [
            "/g/cpu.stat": "usage_usec 1500\nuser_usec 1000\n", "/g/memory.current": "9000\n",
            "/g/memory.stat": "anon 1\ninactive_file 4000\n", "/g/pids.current": "7\n",
            "/g/io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=2\n8:16 rbytes=5 wbytes=1 rios=1 wios=2\n",
        ]
        let usage = CgroupUsage(["/g"]) { files[$0] }
        #expect(usage.cpu == 1_500_000 && usage.memory == 5000 && usage.tasks == 7)
        #expect(usage.disk?.read == 15 && usage.disk?.written == 21)
    }

    @Test func version1InSeveralHierarchies() {
        let files = [
            "/cpu/cpu.stat": "nr_periods 0\n", "/cpu/cpuacct.usage": "77\n", "/m/memory.usage_in_bytes": "100\n",
            "/m/memory.stat": "inactive_file 1\ntotal_inactive_file 130\n",
            "/b/blkio.throttle.io_service_bytes": "8:0 Read 4\n8:0 Write 6\n8:0 Total 10\nTotal 10\n",
        ]
        let usage = CgroupUsage(["/cpu", "/m", "/b"]) { files[$0] }
        // The cache may be counted later than the sum.
        #expect(usage.cpu == 77 && usage.memory == 0 && usage.tasks == nil)
        #expect(usage.disk?.read == 4 && usage.disk?.written == 6)
    }

    @Test func whatNobodyCountsIsNotThere() {
        let usage = CgroupUsage(["/g"]) { $0 == "/g/cpu.stat" ? "usage_usec 3\n" : nil }
        #expect(usage.cpu == 3000 && usage.memory == nil && usage.tasks == nil && usage.disk == nil)
    }
}
