import Core
import Glibc
import Linux

/// Making and removing what a `CgroupPlan` names.
package enum CgroupDirectories {
    /// Makes the directories and writes the limits. What was made is for `remove` to take away, also after an error.
    package static func create(_ plan: CgroupPlan) throws(OperationError) {
        for directory in plan.directories { try makeDirectory(directory) }
        if !plan.controllers.isEmpty, let unified = plan.unified { try enable(plan.controllers, above: unified) }
        for directory in plan.version1 where isCpuset(directory) {
            try copyCpuset(to: directory)
        }
        for setting in plan.settings { try setting.settled.write() }
    }

    /// Makes the directory below the limit of devices, and not before that is set: a list of version 1 that has others below it
    /// cannot be emptied.
    package static func createHome(_ plan: CgroupPlan) throws(OperationError) {
        if let devices = plan.devices { try makeDirectory(plan.home(in: devices)) }
    }

    /// A handle for a process to be born in; nil without a directory.
    package static func open(_ directory: String?) throws(OperationError) -> Descriptor? {
        guard let directory else { return nil }
        return try Descriptor.open(directory, O_RDONLY | O_DIRECTORY, as: "open cgroup")
    }

    /// Moves a process into the version 1 hierarchies; it was born in the unified one.
    package static func join(_ plan: CgroupPlan, _ pid: pid_t) throws(OperationError) {
        for directory in plan.version1 { try Files.set(plan.home(in: directory) + "/cgroup.procs", to: String(pid)) }
    }

    /// Where the processes of a running container are, by one of the directories on its record (`CgroupPlan.home`).
    package static func home(of directory: String) -> String {
        let inner = CgroupHost.inner(of: directory)
        return Files.isDirectory(inner) ? inner : directory
    }

    /// Kills what is left in them and removes them with all below, and what they lie in when it is empty.
    /// - Parameter parents: those above them, beside our own, that go with the container.
    package static func remove(_ directories: [String], parents: [String]) throws(OperationError) {
        var failure: OperationError?
        for directory in directories where isOurs(directory) {
            do throws(OperationError) {
                try removeOne(directory)
                try CgroupParents.removeOwn(above: directory)
            } catch {
                failure = failure ?? error
            }
        }
        do throws(OperationError) { try CgroupParents.remove(parents) } catch { failure = failure ?? error }
        if let failure { throw failure }
    }

    /// A damaged record must not make us kill or remove anything else.
    private static func isOurs(_ directory: String) -> Bool {
        let names = directory.split(separator: "/")
        return directory.hasPrefix(CgroupHost.root + "/") && names.dropLast().last == Substring(CgroupHost.parent)
            && !names.contains("..")
    }

    /// Removes our parent directory, or one in it, that nobody is responsible for.
    package static func removeLeftOver(_ directory: String) throws(OperationError) {
        if directory.hasSuffix("/" + CgroupHost.parent) {
            try FaultPoint.pass("remove cgroup", directory)
            _ = Files.removeEmptyDirectory(directory)
        } else {
            try remove([directory], parents: [])
        }
    }

    /// Kills all that is in them: the processes of a container whose first one has ended without taking them along.
    package static func empty(_ directories: [String]) {
        for directory in directories where isOurs(directory) { CgroupMembers.killAll(below: directory) }
    }

    /// Whether the kernel killed something in there for lack of memory.
    package static func sawOutOfMemory(_ directories: [String]) -> Bool {
        directories.contains { directory in
            // v2 counts in memory.events, v1 in memory.oom_control.
            ["memory.events", "memory.oom_control"].contains { file in
                (Files.text("\(directory)/\(file)") ?? "").split(separator: "\n").contains {
                    $0.hasPrefix("oom_kill ") && $0 != "oom_kill 0"
                }
            }
        }
    }

    /// The most memory, in bytes, that the processes in there had at one time; nil when nobody has counted.
    package static func memoryPeak(_ directories: [String]) -> Int64? {
        // v2 has memory.peak (since Linux 5.19), v1 memory.max_usage_in_bytes.
        let files = directories.flatMap { ["\($0)/memory.peak", "\($0)/memory.max_usage_in_bytes"] }
        return files.lazy.compactMap { Files.line($0).flatMap { Int64($0) } }.first
    }

    /// How often the limit of processes refused one.
    package static func refusedProcesses(_ directories: [String]) -> Int64 {
        let lines = directories.flatMap { (Files.text("\($0)/pids.events") ?? "").split(separator: "\n") }
        return lines.lazy.compactMap { $0.hasPrefix("max ") ? Int64($0.dropFirst(4)) : nil }.first ?? 0
    }

    static func makeDirectory(_ path: String) throws(OperationError) {
        try FaultPoint.pass("create cgroup", path)
        // Another container's end may remove the empty parent at this moment.
        for _ in 0..<100 {
            if path.withKernelString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST { return }
            guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { break }
            try CgroupParents.make(String(path[..<slash]))
        }
        throw OperationError("create cgroup", path, errno: errno)
    }

    static func enable(_ controllers: [String], above directory: String) throws(OperationError) {
        let change = controllers.map { "+" + $0 }.joined(separator: " ")
        for level in CgroupParents.levels(above: directory, from: CgroupHost().unified ?? CgroupHost.root) {
            do throws(OperationError) {
                try Files.set(level + "/cgroup.subtree_control", to: change)
            } catch {
                guard error.errno == EBUSY else { throw error }
                throw OperationError(
                    "give the limits of cgroup", level,
                    reason: "it has processes of its own, and version 2 wants none there",
                    remedy: "name another one by --cgroup-parent, or move its processes into one below it",
                    kind: .conflict)
            }
        }
    }

    static func isCpuset(_ directory: String) -> Bool { directory.hasPrefix(cpuset + "/") }
    private static let cpuset = CgroupHost.root + "/cpuset"

    /// A version 1 cpuset takes no process before both its lists are set, from the top down (B91).
    static func copyCpuset(to directory: String) throws(OperationError) {
        for level in CgroupParents.levels(above: directory, from: cpuset).dropFirst() + [directory] {
            for file in ["cpuset.cpus", "cpuset.mems"] where (Files.line("\(level)/\(file)") ?? "").isEmpty {
                try Files.set("\(level)/\(file)", to: Files.line("\(cpuset)/\(file)") ?? "")
            }
        }
    }

    private static func removeOne(_ directory: String) throws(OperationError) {
        try FaultPoint.pass("remove cgroup", directory)
        // Below a file of the kernel's, which `--cgroup-parent` may name, nothing was ever made.
        if Files.removeEmptyDirectory(directory) || [ENOENT, ENOTDIR].contains(errno) { return }
        CgroupMembers.killAll(below: directory)
        for name in (try? Files.names(in: directory)) ?? [] where Files.isDirectory("\(directory)/\(name)") {
            try? removeOne("\(directory)/\(name)")
        }
        // Killed processes leave their cgroup a moment after they are gone from everywhere else.
        for _ in 0..<500 {
            if Files.removeEmptyDirectory(directory) || errno == ENOENT { return }
            guard errno == EBUSY else { break }
            usleep(200)
        }
        throw OperationError("remove cgroup", directory, errno: errno)
    }
}

extension CgroupPlan.Setting {
    /// By the name that the kernel has for it; the last one where it has none.
    var settled: CgroupPlan.Setting {
        if alternatives.isEmpty { return self }
        var choices = alternatives[...]
        var settled = CgroupPlan.Setting(path: path, value: value, isOptional: isOptional)
        while !Files.exists(settled.path), let next = choices.popFirst() {
            settled = CgroupPlan.Setting(path: next.path, value: next.value, isOptional: isOptional)
        }
        return settled
    }

    func write() throws(OperationError) {
        do throws(OperationError) {
            try Files.set(path, to: value)
        } catch {
            if isOptional, error.errno == ENOENT { return }
            throw OperationError("set limit", path, errno: error.errno ?? 0)
        }
    }
}
