import Core
import Glibc
import Linux

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
        try CgroupDirectories.remove([directory], parents: [])
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

    // MARK: Ends

    /// Kills all processes in a directory and below, until none is left, or a second has passed: what waits for a device may
    /// take longer to die, and nobody could hasten that.
    static func killAll(below directory: String) {
        if Files.exists(directory + "/cgroup.kill") {
            try? Files.set(directory + "/cgroup.kill", to: "1")
            return
        }
        let deadline = Deadline(seconds: 1)
        repeat {
            // None forks away from its end while it is held still.
            Freezer.holdForKill(directory)
            killListed(below: directory)
            Freezer.letDie(in: directory)
            if pids(below: directory).isEmpty { return }
            usleep(500)
        } while deadline.millisecondsLeft > 0
    }

    /// A number that has become another process's since it was read is in the list no more.
    private static func killListed(below directory: String) {
        for pid in pids(below: directory).compactMap({ pid_t($0) }) where pid > 1 {
            guard let process = try? ProcessDescriptor(pid), pids(below: directory).contains(String(pid)) else {
                continue
            }
            try? process.send(SIGKILL)
        }
    }
}
