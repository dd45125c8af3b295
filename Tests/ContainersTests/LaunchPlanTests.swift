import CLaunch
import Core
import Foundation
import Linux
import Testing

@testable import Containers

@Suite struct RootFilesystemTests {
    private func steps(_ change: (inout RootFilesystem) -> Void = { _ in }) throws -> [LaunchStep] {
        var root = RootFilesystem(layers: ["/l1", "/l2"], directory: "/var/lib/mydocker/containers/x")
        change(&root)
        return try root.steps()
    }
    private func index(_ steps: [LaunchStep], _ operation: claunch_operation, _ target: String) -> Int? {
        steps.firstIndex { $0.operation == operation && $0.target == target }
    }

    @Test func settingsOfTheNetworkAreMadeOnce() throws {
        func writes(_ steps: [LaunchStep]) -> [String] {
            steps.filter { $0.operation == CLAUNCH_WRITE }.compactMap(\.target)
        }
        #expect(try writes(steps()).contains("/proc/sys/net/ipv6/conf/all/disable_ipv6"))
        #expect(try writes(steps { $0.needsNetworkSettings = false }).isEmpty)
    }

    @Test func theHostIsLeftBeforeAnythingOfTheImageIsTouched() throws {
        let steps = try steps()
        let pivot = try #require(index(steps, CLAUNCH_PIVOT, "/var/lib/mydocker/containers/x"))
        #expect(steps[0].flags == MountFlags([.recursive, .slave]).rawValue && steps[0].target == "/")
        let before = steps[..<pivot].compactMap(\.target)
        #expect(Set(before) == ["/", "/var/lib/mydocker/containers/x"])
    }

    @Test func overlayLiesOverTheContainersOwnDirectory() throws {
        let steps = try steps()
        let overlay = try #require(steps.first { $0.type == "overlay" })
        #expect(overlay.data?.hasPrefix("lowerdir=/l1:/l2,upperdir=upper,workdir=work,volatile") == true)
        #expect(MountFlags(rawValue: overlay.flags).contains(.noDevices))
    }

    @Test func separatorsInALayersPathAreEscaped() throws {
        let overlay = try steps { $0.layers = ["/a:b,c\\d"] }.first { $0.type == "overlay" }
        #expect(overlay?.data?.hasPrefix("lowerdir=/a\\:b\\,c\\\\d,") == true)
    }

    @Test func tooManyLayersAreAnErrorBeforeAnything() {
        let long = String(repeating: "x", count: 90)
        #expect(throws: OperationError.self) { try steps { $0.layers = (0..<60).map { "/\(long)\($0)" } } }
    }

    @Test func layersWhosePathsAreTooLongGoByLinks() throws {
        let directory = NSTemporaryDirectory() + "fit-\(getpid())"
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        let layers = (0..<127).map { "/" + String(repeating: "x", count: 90) + "\($0)" }
        // Also when some of the links are there already.
        for _ in 0..<2 {
            var root = RootFilesystem(layers: layers, directory: directory)
            try root.fitLayers()
            #expect(root.layers == (0..<127).map { "l/\($0)" })
            #expect(try root.steps().contains { $0.data?.hasPrefix("lowerdir=l/0:l/1:") == true })
            #expect(
                try root.layers.map { try FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)") }
                    == layers)
        }
        // Short ones stay as they are, and nothing is made.
        var few = RootFilesystem(layers: ["/l1"], directory: "/nonexistent")
        try few.fitLayers()
        #expect(few.layers == ["/l1"])
    }

    /// An overlay needs a lower directory.
    @Test func belowNoLayersLiesAnEmptyDirectory() throws {
        let directory = NSTemporaryDirectory() + "none-\(getpid())"
        try Files.makeDirectory(directory)
        defer { try? Files.removeTree(directory) }
        var root = RootFilesystem(layers: [], directory: directory)
        try root.fitLayers()
        #expect(try root.steps().contains { $0.data?.hasPrefix("lowerdir=l,upperdir=") == true })
        #expect(try root.steps(isWritable: false).contains { $0.data == "lowerdir=upper:l" })
        #expect(try Files.names(in: directory + "/l").isEmpty)
    }

    @Test func kernelFileSystemsAreMountedOnRealDirectoriesOnly() throws {
        let steps = try steps()
        for directory in ["/proc", "/dev", "/sys"] {
            let check = try #require(index(steps, CLAUNCH_STANDARD_DIRECTORY, directory))
            let mount = try #require(index(steps, CLAUNCH_MOUNT, directory))
            #expect(check < mount)
        }
    }

    /// Its own files keep their names in a directory that a mount then hides: so another container can have them, too.
    @Test func itsOwnFilesAreMadeWhereNobodyLooks() throws {
        let steps = try steps {
            $0.mounts = [
                ContainerMount(text: "a", number: 0, at: "/etc/hosts", isReadOnly: false, isOptional: false),
                ContainerMount(text: "b", number: 1, at: "/etc/hostname", isReadOnly: true, isOptional: false),
            ]
        }
        let hidden = try #require(index(steps, CLAUNCH_MOUNT, "/dev/mqueue"))
        let made = steps.indices.filter { steps[$0].operation == CLAUNCH_TEXT }
        let attached = steps.indices.filter { steps[$0].operation == CLAUNCH_ATTACH_TEXT }
        #expect(made.count == 2 && made.allSatisfy { $0 < hidden } && attached.allSatisfy { $0 > hidden })
        #expect(made.map { steps[$0].number } == [0, 1] && attached.map { steps[$0].number } == [0, 1])
        #expect(made.allSatisfy { steps[$0].target?.hasPrefix("/dev/mqueue/") == true })
    }

    @Test func sharedMemoryAndCgroupsOfOthers() throws {
        let own = try steps { $0.sharedMemory = .own(size: 4096) }
        #expect(own.first { $0.target == "/dev/shm" && $0.type == "tmpfs" }?.data == "mode=1777,size=4096")
        let attached = try steps { $0.sharedMemory = .attached(descriptor: 9) }
        let step = try #require(attached.first { $0.operation == CLAUNCH_ATTACH_DIRECTORY })
        #expect(step.target == "/dev/shm" && step.number == 9)
        #expect(try !steps { $0.sharedMemory = .none }.contains { $0.target == "/dev/shm" })
        #expect(try !steps { $0.hasCgroupNamespace = false }.contains(.cgroupNamespace))
        #expect(try steps().contains(.cgroupNamespace))
    }

    @Test func settingsOfTheKernelAreMadeWhileTheyCanBe() throws {
        let steps = try steps { $0.sysctls = [(path: "/proc/sys/net/core/somaxconn", value: "5")] }
        let write = try #require(index(steps, CLAUNCH_WRITE, "/proc/sys/net/core/somaxconn"))
        let closed = try #require(index(steps, CLAUNCH_READ_ONLY, "/proc/sys"))
        #expect(write < closed && steps[write].data == "5" && !steps[write].optional)
    }

    @Test func masksComeBeforeBindsAndTheReadOnlyRootComesLast() throws {
        let steps = try steps {
            $0.mounts = [
                ContainerMount(7, at: "/data", isDirectory: true),
                ContainerMount(8, at: "/etc/hosts", isDirectory: false),
            ]
            $0.isReadOnly = true
            $0.workingDirectory = "/srv"
        }
        let bind = try #require(index(steps, CLAUNCH_ATTACH_DIRECTORY, "/data"))
        let mask = try #require(index(steps, CLAUNCH_MASK, "/proc/kcore"))
        #expect(mask < bind)
        #expect(index(steps, CLAUNCH_ATTACH_FILE, "/etc/hosts") != nil)
        let last = try #require(steps.last)
        #expect(last.target == "/" && MountFlags(rawValue: last.flags).isSuperset(of: [.remount, .bind, .readOnly]))
    }

    @Test func F3_mountsGoByDepth() {
        func file(_ target: String) -> ContainerMount { ContainerMount(3, at: target, isDirectory: false) }
        let asked = ["/w/out", "/w", "/x/y/f", "/x/y", "/etc/hosts", "/d/sub", "/a", "/d", "/etc"].map(file)
        #expect(
            ContainerMount.byDepth(asked).map(\.target)
                == ["/w", "/a", "/d", "/etc", "/w/out", "/x/y", "/etc/hosts", "/d/sub", "/x/y/f"])
    }

    /// In /dev, only the mounts of the standard nodes open devices.
    @Test func S2_theDirectoryOfDevicesOpensNone() throws {
        let steps = try steps()
        let remount = try #require(
            steps.firstIndex { $0.target == "/dev" && MountFlags(rawValue: $0.flags).contains(.remount) })
        #expect(MountFlags(rawValue: steps[remount].flags) == [.remount, .bind, .noSetUserID, .noDevices])
        let bound = steps.indices.filter { steps[$0].source?.hasPrefix("/dev/") == true && steps[$0].type == nil }
        #expect(bound.compactMap { steps[$0].operation == CLAUNCH_MOUNT ? steps[$0].target : nil }.count == 6)
        #expect(bound.filter { steps[$0].operation == CLAUNCH_MOUNT }.allSatisfy { $0 < remount })
        for step in steps where step.type == "tmpfs" && step.target != "/dev" {
            #expect(MountFlags(rawValue: step.flags).contains(.noDevices), "\(step.target ?? "")")
        }
        let privileged = try self.steps { $0.isPrivileged = true }
        #expect(!privileged.contains { $0.target == "/dev" && MountFlags(rawValue: $0.flags).contains(.remount) })
    }

    @Test func S18_theDirectoriesOfHeatAreMasked() throws {
        let directory = NSTemporaryDirectory() + "mydocker-cpus-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(ThermalDirectories.present(in: directory).isEmpty)
        for name in ["cpu0", "cpu11", "cpufreq", "cpu", "cpu1x"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(name)/thermal_throttle", withIntermediateDirectories: true)
        }
        try FileManager.default.createDirectory(atPath: directory + "/cpu2", withIntermediateDirectories: true)
        let found = ThermalDirectories.present(in: directory)
        #expect(found == ["cpu0", "cpu11"].map { "\(directory)/\($0)/thermal_throttle" })
        let steps = try steps { $0.thermalDirectories = found }
        for path in found { #expect(index(steps, CLAUNCH_MASK, path) != nil) }
        let privileged = try self.steps {
            $0.thermalDirectories = found
            $0.isPrivileged = true
        }
        #expect(found.allSatisfy { index(privileged, CLAUNCH_MASK, $0) == nil })
    }

    @Test func aPrivilegedContainerIsNotMasked() throws {
        let steps = try steps { $0.isPrivileged = true }
        #expect(!steps.contains { $0.operation == CLAUNCH_MASK || $0.operation == CLAUNCH_READ_ONLY })
        let sys = try #require(steps.first { $0.type == "sysfs" })
        #expect(!MountFlags(rawValue: sys.flags).contains(.readOnly))
    }
}

@Suite struct ProcessPlanTests {
    private func candidates(_ command: String, path: String) -> [String] {
        ProcessPlan(
            command: command, arguments: [command], environment: [], directory: "/", path: path, capabilities: 0
        ).candidates
    }

    @Test func B76_theContainersPathIsSearchedInOrder() {
        #expect(candidates("sh", path: "/usr/bin:/bin") == ["/usr/bin/sh", "/bin/sh"])
        #expect(candidates("./sh", path: "/bin") == ["./sh"])
        #expect(candidates("/opt/sh", path: "") == ["/opt/sh"])
        #expect(candidates("sh", path: "") == [])
    }
}

@Suite struct CgroupPlanTests {
    private let id = ContainerID.random()
    private func plan(_ host: CgroupHost, _ change: (inout ResourceLimits) -> Void) throws -> CgroupPlan {
        var limits = ResourceLimits()
        change(&limits)
        return try host.plan(for: id, limits: limits)
    }
    private let version2 = CgroupHost(
        unified: "/sys/fs/cgroup", unifiedControllers: ["memory", "cpu", "cpuset", "pids"], version1: [])

    @Test func B87_everyContainerHasACgroupOfItsOwn() throws {
        #expect(try plan(version2) { _ in }.directories == ["/sys/fs/cgroup/mydocker/\(id)"])
    }

    @Test func B88_version2Settings() throws {
        let plan = try plan(version2) {
            $0.memory = 64 << 20
            $0.milliCPUs = 200
            $0.cpuShares = 1024
            $0.cpuset = "0-1"
            $0.pids = 10
        }
        let settings = Dictionary(
            uniqueKeysWithValues: plan.settings.map { ($0.path.split(separator: "/").last, $0.value) })
        #expect(settings["memory.max"] == "67108864")
        #expect(settings["cpu.max"] == "20000 100000")
        // runc's formula for 1024 shares.
        #expect(settings["cpu.weight"] == "39")
        #expect(settings["cpuset.cpus"] == "0-1")
        #expect(settings["pids.max"] == "10")
        #expect(plan.version1.isEmpty && Set(plan.controllers) == ["memory", "cpu", "cpuset", "pids"])
    }

    @Test func swapIsCountedWithoutTheMemory() throws {
        let both = try plan(version2) {
            $0.memory = 100
            $0.memorySwap = 250
        }
        #expect(both.settings.contains { $0.path.hasSuffix("memory.swap.max") && $0.value == "150" })
        let unlimited = try plan(version2) {
            $0.memory = 100
            $0.memorySwap = -1
        }
        #expect(unlimited.settings.contains { $0.path.hasSuffix("memory.swap.max") && $0.value == "max" })
    }
}
