import Core
import Glibc
import Linux

/// What the cgroups of a container have counted; nil is what no controller counts there.
package struct CgroupUsage: Equatable, Sendable {
    /// Nanoseconds.
    package var cpu: Int64?
    /// Bytes, without inactive pages of files: the kernel takes those back before anything else.
    package var memory: Int64?
    package var tasks: Int64?
    package var disk: (read: Int64, written: Int64)?

    package static func == (left: CgroupUsage, right: CgroupUsage) -> Bool {
        left.cpu == right.cpu && left.memory == right.memory && left.tasks == right.tasks
            && left.disk?.read == right.disk?.read && left.disk?.written == right.disk?.written
    }

    /// - Parameters:
    ///   - directories: of one container, of either version.
    ///   - text: the text of a file; nil when there is none.
    package init(_ directories: [String], reading text: (String) -> String? = Files.text) {
        func first<Value>(_ file: String, _ read: (String) -> Value?) -> Value? {
            for directory in directories {
                if let value = text("\(directory)/\(file)").flatMap(read) { return value }
            }
            return nil
        }
        func number(_ file: String) -> Int64? { first(file) { Int64($0.prefix { $0 != "\n" }) } }
        func counter(_ file: String, _ name: Substring) -> Int64? { first(file) { KernelCounters($0)[name] } }
        // Version 2 has cpu.stat without a controller; version 1 has one of the same name, without the time.
        cpu = counter("cpu.stat", "usage_usec").map { $0 * 1000 } ?? number("cpuacct.usage")
        tasks = number("pids.current")
        if let used = number("memory.current") {
            memory = max(0, used - (counter("memory.stat", "inactive_file") ?? 0))
        } else if let used = number("memory.usage_in_bytes") {
            memory = max(0, used - (counter("memory.stat", "total_inactive_file") ?? 0))
        }
        let transfers = ["io.stat", "blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"]
        for file in transfers where disk == nil { disk = first(file, Self.transfers) }
    }

    /// Sums of all devices: `8:0 rbytes=1 wbytes=2 …` of version 2, `8:0 Read 1` of version 1.
    private static func transfers(_ text: String) -> (read: Int64, written: Int64) {
        var sums: (read: Int64, written: Int64) = (0, 0)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            for word in words {
                if word.hasPrefix("rbytes=") { sums.read += Int64(word.dropFirst(7)) ?? 0 }
                if word.hasPrefix("wbytes=") { sums.written += Int64(word.dropFirst(7)) ?? 0 }
            }
            guard words.count == 3, let count = Int64(words[2]) else { continue }
            if words[1] == "Read" { sums.read += count }
            if words[1] == "Write" { sums.written += count }
        }
        return sums
    }
}

extension CgroupDirectories {
    /// The processes in a directory and below it, in the host's numbers.
    package static func processes(in directory: String) -> [pid_t] {
        var pending = [directory]
        var processes: [pid_t] = []
        while let next = pending.popLast() {
            processes += (Files.text(next + "/cgroup.procs") ?? "").split(separator: "\n").compactMap { pid_t($0) }
            // A container may have made some of its own; each is a link more.
            guard Files.status(next)?.st_nlink ?? 0 > 2 else { continue }
            let names = (try? Files.names(in: next)) ?? []
            pending += names.map { "\(next)/\($0)" }.filter(Files.isDirectory)
        }
        return processes
    }
}
