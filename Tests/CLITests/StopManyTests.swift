import Foundation
import Testing

extension CLI {
    /// What `stop` of many takes is what one of them takes, and a little for each.
    @Suite struct StopMany {
        @Test func thirtyStopSideBySide() throws {
            let names = (0..<30).map { "smany\($0)" }
            defer { Host.run([Host.mydocker, "rm", "-f", "smone"] + names) }
            let command = ["sh", "-c", "trap 'sleep 1; exit 0' TERM; echo ready; while :; do sleep 0.05; done"]
            for name in ["smone"] + names {
                #expect(Host.run([Host.mydocker, "run", "-d", "--net", "none", "--name", name] + command).code == 0)
            }
            for name in ["smone"] + names { waitForLog(name, "ready") }
            func time(_ names: [String]) -> Double {
                let start = Date()
                let stopped = Host.run([Host.mydocker, "stop", "-t", "20"] + names)
                #expect(stopped.lines == names)
                return Date().timeIntervalSince(start)
            }
            let one = time(["smone"])
            #expect(one > 0.9)
            // One after the other would take thirty times as long.
            #expect(time(names) < one * 4)
            for name in names { #expect(inspect("{{.State.ExitCode}}", name) == "0") }
        }
    }
}
