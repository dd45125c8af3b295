import Foundation
import Testing

extension CLI {
    /// No helper process: what mydocker does it does by system call.
    @Suite(.serialized) struct Processes {
        /// What strace says of `line`.
        private func trace(_ line: String, _ flags: String) -> [String] {
            let file = "\(NSTemporaryDirectory())/trace"
            defer { try? FileManager.default.removeItem(atPath: file) }
            let outcome = Host.shell("strace -f -q \(flags) -o \(file) $MYDOCKER \(line)")
            #expect(outcome.code == 0, "\(line): \(outcome.error)")
            return Host.read(file).split(separator: "\n").map(String.init)
        }

        /// The programs that `line` executes, mydocker itself first.
        private func executed(_ line: String) -> [String] {
            trace(line, "-e trace=execve").compactMap { line in
                guard let start = line.range(of: "execve(\"") else { return nil }
                return String(line[start.upperBound...].prefix { $0 != "\"" })
            }
        }

        /// The locks that `line` takes, and the calls that it makes meanwhile and should not. The lock of one container,
        /// or one workspace, says that somebody is at it, and is held as long as that is so.
        private func locking(_ line: String) -> (taken: Set<String>, waits: [String]) {
            let calls = "flock,close,clone,clone3,vfork,execve,wait4,waitid,poll,ppoll,clock_nanosleep,recvmsg"
            // That of a container's cgroup says that `commit` holds it still.
            let ownLock =
                /\/run\/mydocker\/containers\/[0-9a-f]{64}\/lock|.*\/images\/temporary\/[^\/]*\/lock|\/sys\/fs\/cgroup\/.*\/mydocker\/[0-9a-f]{64}/
            var held: [String: String] = [:]
            var taken: Set<String> = []
            var waits: [String] = []
            for call in trace(line, "-yy -e trace=\(calls)") {
                guard let found = call.firstMatch(of: /^\d+ +(\w+)\((?:(\d+)<([^>]*)>)?/) else { continue }
                let (name, number, path) = (String(found.1), found.2.map(String.init), found.3.map(String.init))
                switch name {
                case "flock":
                    guard let number, let path, call.hasSuffix(" = 0") || call.hasSuffix("<unfinished ...>"),
                        !call.contains("LOCK_UN")
                    else { continue }
                    taken.insert(path)
                    if path.wholeMatch(of: ownLock) == nil { held[number] = path }
                case "close":
                    if let number, held[number] == path { held[number] = nil }
                // The kernel answers at once, a child when it has come so far.
                case "recvmsg" where !call.contains("<UNIX"): break
                // A copy that closes all at once has the kernel remove a link, which takes 2 ms.
                case "clone" where line.hasPrefix("network remove"): break
                case "wait4" where call.contains("WNOHANG"): break
                case "clock_nanosleep" where call.contains("tv_sec=0, tv_nsec=200000}"): break
                default: if !held.isEmpty { waits.append("\(call) with \(held.values)") }
                }
            }
            return (taken, waits)
        }

        @Test func B96_onlyTheUsersProgramIsExecuted() {
            let own = Host.mydocker
            #expect(executed("network create --subnet 10.41.0.1/24 execs") == [own])
            #expect(executed("run --rm -net execs -p 4180:80 true") == [own, "/bin/true"])
            // strace stays until the supervisor has ended, too.
            #expect(executed("run -d --rm -net execs -p 4180:80 sleep 0.2") == [own, "/bin/sleep"])
            succeed("run", "-d", "--name", "execs1", "-net", "execs", "sleep", "1000")
            #expect(executed("exec execs1 true") == [own, "/bin/true"])
            #expect(executed("stop -t 0 execs1") == [own])
            #expect(executed("rm execs1") == [own])
            #expect(executed("network remove execs") == [own])
        }

        @Test func noLockIsHeldAcrossCloneExecOrAWait() {
            let lines: [(line: String, lock: String)] = [
                ("network create --subnet 10.42.0.1/24 locks", "/run/xtables.lock"),
                ("run --rm -net locks -p 4181:80 true", "/run/mydocker/networks/NETWORK/lock"),
                // strace stays until the supervisor has ended, too.
                ("run -d --rm -net locks -p 4181:80 sleep 0.2", "/var/lib/mydocker/names"),
                ("exec locks1 sleep 0.1", ""), ("commit locks1 locks:1", "/var/lib/mydocker/images/lock"),
                ("stop -t 0 locks1", ""), ("rm locks1", "/var/lib/mydocker/names"),
                ("rmi locks:1", "/var/lib/mydocker/images/lock"), ("network remove locks", "/run/xtables.lock"),
            ]
            succeed("run", "-d", "--name", "locks1", "--net", "none", "sleep", "1000")
            for (line, lock) in lines {
                let (taken, waits) = locking(line)
                #expect(waits == [], "\(line)")
                // By its id.
                let known = taken.map { $0.replacing(/networks\/[0-9a-f]{64}\//, with: "networks/NETWORK/") }
                #expect(lock.isEmpty || known.contains(lock), "\(line): \(taken)")
            }
        }
    }
}
