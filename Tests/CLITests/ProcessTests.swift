import Foundation
import Testing

extension CLI {
    /// No helper process: what mydocker does it does by system call.
    @Suite(.serialized) struct Processes {
        /// The programs that `line` executes, as strace sees them, mydocker itself first.
        private func executed(_ line: String) -> [String] {
            let trace = "\(NSTemporaryDirectory())/execve.\(getpid())"
            defer { try? FileManager.default.removeItem(atPath: trace) }
            let outcome = Host.shell("strace -f -q -e trace=execve -o \(trace) $MYDOCKER \(line)")
            #expect(outcome.code == 0, "\(line): \(outcome.error)")
            let text = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").compactMap { line in
                guard let start = line.range(of: "execve(\"") else { return nil }
                return String(line[start.upperBound...].prefix { $0 != "\"" })
            }
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
    }
}
