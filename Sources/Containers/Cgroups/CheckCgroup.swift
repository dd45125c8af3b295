import Core
import Glibc
import Linux

/// A directory below the one that tracks a container, for what a health check starts: so all of that can be ended, however far it
/// has got away from the process that was started. The container's own record covers it.
package struct CheckCgroup {
    /// The container's directory.
    private let home: String
    private var directory: String { home + "/mydocker-check" }

    /// - Parameter homes: where the container's processes are, in each hierarchy.
    /// - Returns: nil where nothing tracks them.
    package init?(in homes: [String]) {
        let tracking = homes.first { home in
            ["cgroup.freeze", "freezer.state"].contains { Files.exists("\(home)/\($0)") }
        }
        guard let tracking else { return nil }
        home = tracking
    }

    package func create() throws(OperationError) { try CgroupDirectories.makeDirectory(directory) }

    /// Where a process of the check belongs that would be in `home` otherwise.
    package func place(_ home: String) -> String { home == self.home ? directory : home }

    /// Kills all that is in there.
    package func kill() {
        // Since Linux 5.14.
        if (try? Files.set(directory + "/cgroup.kill", to: "1")) != nil { return }
        for _ in 0..<100 {
            let processes = (Files.text(directory + "/cgroup.procs") ?? "").split(separator: "\n").compactMap {
                pid_t($0)
            }
            if processes.isEmpty { return }
            for process in processes { Glibc.kill(process, SIGKILL) }
            usleep(500)
        }
    }

    /// It stays for the next check while something is in there that has outlived its own.
    package func remove() {
        // What was killed leaves it a moment after its parent has heard of that.
        for _ in 0..<20 {
            guard (try? FaultPoint.pass("remove cgroup", directory)) != nil else { return }
            if Files.removeEmptyDirectory(directory) || errno != EBUSY { return }
            guard Files.text(directory + "/cgroup.procs") == "" else { return }
            usleep(500)
        }
    }
}
