import Containers
import Core
import Glibc
import Linux
import Records

extension Engine {
    /// How many containers and images there are, and what this host is.
    package func information(now: Timestamp) throws(OperationError) -> SystemInformation {
        var information = SystemInformation()
        let containers = try containers(all: true)
        for container in containers.elements {
            switch container.phase {
            case .paused: information.paused += 1
            case .running, .restarting: information.running += 1
            case .created, .starting, .exited, .lost: information.stopped += 1
            }
        }
        let images = try images()
        information.images = images.elements.count
        information.warnings = (containers.failures + images.failures).map(\.description)
        information.root = layout.state
        information.backingFilesystem = FilesystemName.of(
            layout.state, mounts: Files.text("/proc/self/mountinfo") ?? "")
        let cgroups = CgroupHost()
        information.cgroupVersion = cgroups.isUnifiedAlone ? 2 : 1
        information.controllers = Set(["memory", "cpu", "cpuset", "pids"].filter(cgroups.controls))
        information.now = now
        describeHost(&information)
        return information
    }

    private func describeHost(_ information: inout SystemInformation) {
        var names = utsname()
        uname(&names)
        information.architecture = withUnsafeBytes(of: &names.machine) { String(kernel: $0.prefix { $0 != 0 }) }
        information.kernel = Files.line("/proc/sys/kernel/osrelease") ?? ""
        information.hostname = Files.line("/proc/sys/kernel/hostname") ?? ""
        information.isForwarding = Files.line("/proc/sys/net/ipv4/ip_forward") == "1"
        information.id = Files.foreignText("/etc/machine-id")?.split(separator: "\n").first.map(String.init) ?? ""
        information.processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        information.memory = HostMemory.total
        let release = OperatingSystemRelease(
            Files.foreignText("/etc/os-release") ?? Files.foreignText("/usr/lib/os-release") ?? "")
        information.operatingSystem = release["PRETTY_NAME"] ?? "Linux"
        information.operatingSystemVersion = release["VERSION_ID"] ?? ""
    }
}

/// os-release(5): lines of `NAME=VALUE`, of which values may be quoted as a shell does it.
struct OperatingSystemRelease {
    private var values: [String: String] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: equals)...]
            values[String(line[..<equals])] = value.filter { $0 != "\"" && $0 != "'" }
        }
    }

    subscript(_ name: String) -> String? { values[name] }
}

/// The file system that a path lies on.
enum FilesystemName {
    /// In Docker's words; those of mountinfo (proc(5)) where it has no other.
    /// - Parameter mounts: `/proc/self/mountinfo`.
    static func of(_ path: String, mounts: String) -> String {
        var found: (length: Int, type: Substring) = (0, "<unknown>")
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { continue }
            let point = fields[4]
            let holds = point == "/" || path == point || path.hasPrefix(point + "/")
            // What is mounted later hides what was there.
            if holds, point.utf8.count >= found.length { found = (point.utf8.count, fields[dash + 1]) }
        }
        switch found.type {
        case "ext2", "ext3", "ext4": return "extfs"
        case "overlay": return "overlayfs"
        default: return String(found.type)
        }
    }
}
