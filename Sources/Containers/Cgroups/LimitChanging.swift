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
                if CgroupDirectories.isCpuset(directory) { try CgroupDirectories.copyCpuset(to: directory) }
            }
            for setting in settings.map(\.settled) {
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
            try setting.write()
        } catch {
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
