import Foundation
import Testing

extension CLI {
    /// What becomes of the signals that a command gets for its program. F11.
    @Suite struct PassedSignals {
        /// What is made once and kept is there.
        init() { succeed("run", "--rm", "true") }

        @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
        func F11_aSignalThatProcessOneIgnoresEndsTheRun(_ signal: Int32) throws {
            try Ledger.expectUnchanged {
                let run = try Background(
                    Host.withDefaults + ["run", "--rm", "--name", "w10", "--net", "none", "sleep", "1000"])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w10").word != "" }
                kill(run.pid, signal)
                #expect(run.end(seconds: 3) == 137)
                #expect(run.errorText.contains("process 1 ignores SIGTERM; killing it"))
            }
        }

        @Test func F11_whatProcessOneHandlesIsLeftToIt() throws {
            try Ledger.expectUnchanged {
                let program = "trap 'echo got' INT; trap 'exit 8' TERM; echo ready; while :; do sleep 0.05; done"
                let run = try Background(Host.withDefaults + ["run", "--rm", "--net", "none", "sh", "-c", program])
                run.expect("ready")
                kill(run.pid, SIGINT)
                run.expect("got")
                // Handled neither by name nor by nature: `stop` asks with SIGTERM.
                kill(run.pid, SIGHUP)
                #expect(run.end(seconds: 5) == 8)
            }
        }

        @Test func whatTheCallerIgnoresIsNotPassedOn() throws {
            try Ledger.expectUnchanged {
                let run = try Background(
                    ["/usr/bin/nohup", Host.mydocker, "run", "--rm", "--name", "w11", "--net", "none", "sleep", "1000"])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w11").word != "" }
                kill(run.pid, SIGHUP)
                usleep(300_000)
                #expect(Host.isRunning("w11"))
                kill(run.pid, SIGTERM)
                #expect(run.end(seconds: 3) == 137)
            }
        }

        @Test func withoutSigProxyTheCommandEndsAlone() throws {
            try Ledger.expectUnchanged {
                let run = try Background(
                    Host.withDefaults + [
                        "run", "--sig-proxy=false", "--name", "w12", "--net", "none", "sh", "-c",
                        "trap 'exit 3' INT TERM; while :; do sleep 0.05; done",
                    ])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w12").word != "" }
                kill(run.pid, SIGINT)
                #expect(run.end(seconds: 3) == 130)
                #expect(Host.isRunning("w12"))
                succeed("stop", "-t", "2", "w12")
                #expect(inspect("{{.State.ExitCode}}", "w12") == "3")
                succeed("rm", "w12")
            }
            #expect(runOnce("--sig-proxy=false", "sh", "-c", "echo out; exit 5").code == 5)
        }
    }
}
