import Core
import Forms
import Testing

@Suite struct SystemTests {
    private var information: SystemInformation {
        var information = SystemInformation()
        information.running = 2
        information.paused = 1
        information.stopped = 3
        information.images = 4
        information.root = "/var/lib/mydocker"
        information.backingFilesystem = "extfs"
        information.cgroupVersion = 2
        information.controllers = ["memory", "cpu", "pids"]
        information.kernel = "6.1"
        information.operatingSystem = "Debian"
        information.architecture = "x86_64"
        information.processors = 8
        information.memory = 8_336_000_000
        information.hostname = "box\u{1b}[2J"
        return information
    }

    @Test func membersThatScriptsRead() throws {
        let form = information.described(version: "1.2")
        for (member, value): (String, JSON) in [
            ("Containers", 6), ("ContainersRunning", 2), ("ContainersPaused", 1), ("ContainersStopped", 3),
            ("Images", 4), ("ServerVersion", "1.2"), ("Driver", "overlay2"), ("CgroupDriver", "cgroupfs"),
            ("CgroupVersion", "2"), ("KernelVersion", "6.1"), ("OperatingSystem", "Debian"), ("OSType", "linux"),
            ("Architecture", "x86_64"), ("NCPU", 8), ("MemTotal", 8_336_000_000),
            ("DockerRootDir", "/var/lib/mydocker"), ("SecurityOptions", ["name=seccomp,profile=builtin"]),
            ("Warnings", ["WARNING: No cpuset limit support"]), ("MemoryLimit", true), ("CPUSet", false),
        ] {
            #expect(form[member] == value, "\(member)")
        }
    }

    @Test func theText() {
        let lines = information.text(version: "1.2").split(separator: "\n", omittingEmptySubsequences: false)
        for line in [
            "Server:", " Containers: 6", "  Running: 2", "  Paused: 1", "  Stopped: 3", " Images: 4",
            " Server Version: 1.2", " Storage Driver: overlay2", "  Backing Filesystem: extfs", " Cgroup Version: 2",
            " CPUs: 8", " Total Memory: 7.764GiB", " Docker Root Dir: /var/lib/mydocker",
            "WARNING: No cpuset limit support",
        ] {
            #expect(lines.contains(line[...]), "\(line)")
        }
        #expect(!lines.contains { $0.contains("\u{1b}") })
    }

    @Test func whatIsOnDisk() throws {
        func image(_ id: String, containers: Int) -> DiskSpace.Image {
            DiskSpace.Image(
                ImageSummary(id: "sha256:" + id, references: [id + ":latest"], created: Example.moment, size: 10),
                shared: 1_000, own: 2_000, containers: containers)
        }
        func container(_ phase: ContainerPhase, _ bytes: Int64) throws -> ContainerSummary {
            var container = ContainerSummary(
                id: try Example.id("4f"), name: "web", image: "a", command: [], created: Example.moment, phase: phase,
                ports: [], address: nil, pid: nil, networks: [], labels: [:])
            container.size = (bytes, bytes)
            return container
        }
        let space = DiskSpace(
            images: [image("aa", containers: 2), image("bb", containers: 0)], layers: (5_000, 2_000),
            containers: [
                try container(.running(since: Example.moment), 30), try container(.created, 10),
            ])
        let rows = space.rows.map { row in
            ["Type", "TotalCount", "Active", "Size", "Reclaimable"].map { row.text($0) }
        }
        #expect(
            rows == [
                ["Images", "2", "1", "5kB", "2kB (40%)"], ["Containers", "2", "1", "40B", "10B (25%)"],
                ["Local Volumes", "0", "0", "0B", "0B"], ["Build Cache", "0", "0", "0B", "0B"],
            ])
        let row = try #require(space.images[0].rows(now: Example.moment).first)
        #expect(row.text("Size") == "3kB" && row.text("SharedSize") == "1kB")
        #expect(row.text("UniqueSize") == "2kB" && row.text("Containers") == "2")
    }
}
