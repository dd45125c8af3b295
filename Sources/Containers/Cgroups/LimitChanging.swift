import Core
import Glibc
import Linux

extension LimitChange {
    /// Sets the limits of a container that runs, or changes nothing.
    /// - Parameter tracked: a directory in which, or below which, all of its processes are; nil where nothing tells them.
    package func apply(tracked: String?) throws(OperationError) {
        var written: [CgroupPlan.Setting] = []
        var made: [String] = []
        do throws(OperationError) {
            if !controllers.isEmpty, let unified { try CgroupDirectories.enable(controllers, above: unified) }
            for directory in joined {
                if !Files.exists(directory) { made.append(directory) }
                try CgroupDirectories.makeDirectory(directory)
                if directory.contains("/cpuset/") { try CgroupDirectories.copyCpuset(to: directory) }
            }
            for setting in settings {
                let old = Files.line(setting.path)
                try Self.write(setting)
                if let old { written.append(.init(path: setting.path, value: old)) }
            }
            for directory in joined { try CgroupMembers.move(from: tracked, to: directory) }
        } catch {
            for setting in written.reversed() { try? Files.set(setting.path, to: setting.value) }
            for directory in made { try? CgroupMembers.leave(directory) }
            throw error
        }
    }

    private static func write(_ setting: CgroupPlan.Setting) throws(OperationError) {
        do throws(OperationError) {
            if setting.path.hasSuffix("/memory.max") { return try reclaiming(setting) }
            try Files.set(setting.path, to: setting.value)
        } catch {
            if setting.isOptional, error.errno == ENOENT { return }
            if error.errno == EBUSY, setting.path.contains("/memory.") { throw inUse(setting.path) }
            throw error.errno.map { OperationError("set limit", setting.path, errno: $0) } ?? error
        }
    }

    /// Version 2 would rather kill than refuse a limit below what is in use. So it is first asked to make room, which
    /// memory.high does without killing (cgroup-v2.rst).
    private static func reclaiming(_ setting: CgroupPlan.Setting) throws(OperationError) {
        let directory = String(setting.path.dropLast("/memory.max".count))
        func exceeds() -> Bool {
            let current = Files.line(directory + "/memory.current").flatMap { Int64($0) } ?? 0
            return Int64(setting.value).map { current > $0 } ?? false
        }
        guard exceeds() else { return try Files.set(setting.path, to: setting.value) }
        let high = Files.line(directory + "/memory.high") ?? "max"
        try Files.set(directory + "/memory.high", to: setting.value)
        defer { try? Files.set(directory + "/memory.high", to: high) }
        guard !exceeds() else { throw inUse(setting.path) }
        try Files.set(setting.path, to: setting.value)
    }

    private static func inUse(_ path: String) -> OperationError {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
        let files = ["memory.current", "memory.usage_in_bytes"].map { "\(directory)/\($0)" }
        let used = files.lazy.compactMap { Files.line($0).flatMap { Int64($0) } }.first
        return OperationError(
            "set limit", path,
            reason:
                "the container uses \(used.map { ByteCount.text($0) } ?? "more"), which the kernel cannot take back",
            remedy: "set a higher limit, or let its programs free some memory first", kind: .conflict)
    }
}

/// The processes of a container's cgroup.
enum CgroupMembers {
    /// Moves all processes there. One that is not moved yet may fork meanwhile, one that is has its children there: so it is
    /// looked again until none is left.
    static func move(from tracked: String?, to directory: String) throws(OperationError) {
        guard let tracked else {
            throw OperationError(
                "join cgroup", directory, reason: "nothing on this host tells which processes are the container's",
                remedy: "give the limit when the container is made", kind: .unsupported)
        }
        let deadline = Deadline(seconds: 30)
        while true {
            let inside = Set(pids(below: directory))
            let outside = pids(below: tracked).filter { !inside.contains($0) }
            if outside.isEmpty { return }
            for pid in outside { try moveOne(pid, to: directory) }
            if deadline.millisecondsLeft == 0 { throw OperationError("join cgroup", directory, errno: ETIMEDOUT) }
        }
    }

    /// Moves all processes to the root of the hierarchy, where they were, and removes the directory.
    static func leave(_ directory: String) throws(OperationError) {
        // `ROOT/mydocker/ID`
        guard let parent = directory.lastIndex(of: "/"), let root = directory[..<parent].lastIndex(of: "/") else {
            return
        }
        for _ in 0..<100 {
            let inside = pids(below: directory)
            if inside.isEmpty { break }
            for pid in inside { try moveOne(pid, to: String(directory[..<root])) }
        }
        try CgroupDirectories.remove([directory])
    }

    private static func moveOne(_ pid: String, to directory: String) throws(OperationError) {
        do throws(OperationError) {
            try Files.set(directory + "/cgroup.procs", to: pid)
        } catch {
            // It has ended meanwhile.
            guard error.errno == ESRCH else { throw error }
        }
    }

    private static func pids(below directory: String) -> [String] {
        let own = (Files.text(directory + "/cgroup.procs") ?? "").split(separator: "\n").map(String.init)
        let names = (try? Files.names(in: directory)) ?? []
        return own
            + names.map { "\(directory)/\($0)" }.filter(Files.isDirectory).flatMap(pids)
    }
}
