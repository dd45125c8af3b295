import Foundation
import Testing

/// A command in a process group of its own. It starts sooner than `Host.run`, of which a walk needs thousands.
final class GroupCommand {
    let pid: pid_t
    private let output: Int32
    private var status: Int32?

    /// - Parameter command: the first word is looked up in `PATH`.
    init(_ command: [String], environment: [String: String] = [:]) throws {
        var path = Array("\(NSTemporaryDirectory())/command.XXXXXX".utf8CString)
        output = mkstemp(&path)
        try #require(output >= 0 && fcntl(output, F_SETFD, FD_CLOEXEC) == 0)
        unlink(path)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var pid: pid_t = 0
        let failure = Self.withStrings(command) { arguments in
            Self.withStrings(variables) { posix_spawnp(&pid, command[0], &actions, &attributes, arguments, $0) }
        }
        try #require(failure == 0)
        self.pid = pid
    }

    deinit { close(output) }

    /// Standard output and error, as far as they have come.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = pread(output, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// The exit code as a shell shows it; nil while it runs or is stopped.
    var code: Int32? {
        if status == nil {
            var value: Int32 = 0
            if waitpid(pid, &value, WNOHANG) == pid {
                status = value & 0x7f == 0 ? value >> 8 & 0xff : 128 + value & 0x7f
            }
        }
        return status
    }

    /// - Returns: the exit code; nil when it still ran after `seconds`, and was killed.
    func end(seconds: Double) -> Int32? {
        if eventually(seconds: seconds, { self.code != nil }) { return code }
        kill(-pid, SIGKILL)
        _ = eventually(seconds: 5) { self.code != nil }
        return nil
    }

    private static func withStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { copies[index] = strdup(string) }
        copies[strings.count] = nil
        defer {
            for index in strings.indices { free(copies[index]) }
            copies.deallocate()
        }
        return body(copies)
    }
}

/// - Returns: whether `condition` came to hold in time.
func eventually(seconds: Double, _ condition: () -> Bool) -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    while !condition() {
        if Date() > end { return false }
        usleep(1000)
    }
    return true
}

/// What a command may leave behind: the part of the ledger that can be read without another program, but for iptables.
/// A walk compares it thousands of times.
///
/// Without the ends of containers' cables, which go with a namespace in the kernel's own time: the ledger has them.
struct Trace: Equatable {
    let lines: Set<String>

    /// Without processes that have ended and nobody has reaped yet.
    static func take() throws -> Trace {
        var lines: Set<String> = []
        for root in ["/run/mydocker", "/var/lib/mydocker"] {
            // What has happened on this host stays on record.
            let found = files(below: root).filter { !$0.hasPrefix("/run/mydocker/events") }
            lines.formUnion(found.map { "file \($0)" })
        }
        for hierarchy in hierarchies { lines.formUnion(files(below: hierarchy, directoriesOnly: true).map(cgroup)) }
        let links = names(in: "/sys/class/net").filter { $0.wholeMatch(of: /[0-9a-f]{5,15}/) == nil }
        lines.formUnion(links.map { "link \($0)" })
        lines.formUnion(Host.read("/proc/self/mountinfo").split(separator: "\n").map { "mount \($0)" })
        for table in ["tcp", "udp"] { lines.formUnion(sockets(table)) }
        lines.formUnion(processes().filter { $0.state != "Z" }.map { "process \($0.pid)" })
        lines.formUnion(try rules())
        return Trace(lines: lines)
    }

    /// What there is of our own program: supervisors, guardians, commands.
    static func processes() -> [(pid: pid_t, state: Character)] {
        names(in: "/proc").compactMap { name in
            guard let pid = pid_t(name), Host.read("/proc/\(name)/comm") == "mydocker",
                let state = Host.state(of: Int(pid))
            else { return nil }
            return (pid, state)
        }
    }

    private static let hierarchies = (["/sys/fs/cgroup"] + names(in: "/sys/fs/cgroup").map { "/sys/fs/cgroup/\($0)" })
        .filter {
            Host.read($0 + "/cgroup.procs") != "" || FileManager.default.fileExists(atPath: $0 + "/cgroup.procs")
        }
        .flatMap { [$0 + "/mydocker", "\($0)/\(FaultScenario.cgroupParent)"] }

    private static func cgroup(_ path: String) -> String {
        "cgroup \(path) frozen \(Host.read(path + "/cgroup.freeze")) holds \(Host.read(path + "/cgroup.procs"))"
    }

    private static func files(below root: String, directoriesOnly: Bool = false) -> [String] {
        var found: [String] = []
        var pending = [root]
        while let directory = pending.popLast() {
            for name in names(in: directory) {
                let path = "\(directory)/\(name)"
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                let isDirectory = status.st_mode & S_IFMT == S_IFDIR
                if isDirectory || !directoriesOnly { found.append(path) }
                // What is in an unpacked image is not looked into: its digest is its name.
                if isDirectory, directory != "/var/lib/mydocker/images/layers" { pending.append(path) }
            }
        }
        return found + (FileManager.default.fileExists(atPath: root) ? [root] : [])
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Those of all tables, without counters.
    private static func rules() throws -> [String] {
        let save = try GroupCommand(["iptables-legacy-save"])
        try #require(save.end(seconds: 10) == 0, "\(save.text)")
        return save.text.split(separator: "\n").filter { $0.hasPrefix("-A") }.map { "rule \($0)" }
    }

    /// Those that listen, or wait for datagrams.
    private static func sockets(_ table: String) -> [String] {
        Host.read("/proc/net/\(table)").split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            return fields[3] == "0A" || table == "udp" ? "socket \(table) \(fields[1])" : nil
        }
    }
}
