import Foundation
import Testing

extension CLI {
    /// `run -d --ready` and `wait --for`: what is waited for, and how it ends when it does not come.
    @Suite(.serialized) struct Ready {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Ready {
    private func run(_ name: String, _ arguments: [String], seconds: Double = 20) -> Outcome {
        Host.run([Host.mydocker, "run", "-d", "--net", "none", "--name", name] + arguments, seconds: seconds)
    }

    @Test func aPortIsListenedOnAndNobodyConnects() {
        Ledger.expectUnchanged {
            let script = "sleep 0.3; nc -ll -p 8099 -e sh -c 'echo visited >>/visits'"
            let outcome = run("retcp", ["--ready", "tcp:8099", "--ready-timeout", "10", "sh", "-c", script])
            defer { succeed("rm", "-f", "retcp") }
            #expect(outcome.code == 0 && outcome.word.count == 64, "\(outcome)")
            #expect(
                succeed("exec", "retcp", "sh", "-c", "grep -c ' 0A ' /proc/net/tcp /proc/net/tcp6").text.contains(":1"))
            #expect(mydocker("exec", "retcp", "cat", "/visits").code == 1)
            #expect(mydocker("wait", "--for", "tcp:8099", "retcp", seconds: 5).text == "retcp\n")
            #expect(mydocker("wait", "--for", "tcp:8098", "--timeout", "200ms", "retcp", seconds: 5).code == 124)
        }
    }

    /// Text that came before, in pieces, and of this run alone.
    @Test func textInTheLog() {
        Ledger.expectUnchanged {
            let script = "printf 'all is re'; sleep 0.2; echo 'ady now'; exec sleep 1000"
            let outcome = run("relog", ["--ready", "log:is ready", "--ready-timeout", "10s", "sh", "-c", script])
            defer { succeed("rm", "-f", "relog") }
            #expect(outcome.code == 0, "\(outcome)")
            #expect(mydocker("wait", "--for", "log:ready", "relog", seconds: 5).code == 0)
            succeed("stop", "-t", "0", "relog")
            succeed("start", "relog")
            #expect(mydocker("wait", "--for", "log:ready", "--timeout", "5", "relog", seconds: 8).code == 0)
            let early = mydocker("wait", "--for", "log:never", "--timeout", "100ms", "relog", seconds: 8)
            #expect(early.code == 124 && early.text == "")
            #expect(early.error.hasPrefix("all is ready now\n"), "\(early.error)")
            #expect(
                early.error.contains("mydocker: wait for container \"relog\": the time was over before it has written"))
        }
    }

    @Test func health() {
        Ledger.expectUnchanged {
            let check = ["--health-cmd", "test -e /well", "--health-interval", "100ms"]
            let outcome = run(
                "rewell",
                ["--ready", "healthy", "--ready-timeout", "20"] + check + [
                    "sh", "-c", "sleep 0.3; touch /well; exec sleep 1000",
                ])
            defer { succeed("rm", "-f", "rewell") }
            #expect(outcome.code == 0, "\(outcome)")
            #expect(inspect("{{.State.Health.Status}}", "rewell") == "healthy")
            let none = run("renone", ["--ready", "healthy", "true"])
            #expect(none.code == 125 && none.text == "" && none.error.contains("it has no health check"))
            #expect(mydocker("inspect", "renone").code == 1)
        }
    }

    @Test func whatEndsBefore() {
        Ledger.expectUnchanged {
            for (flags, removes): ([String], Bool) in [([], false), (["--rm"], true)] {
                let outcome = run(
                    "reend",
                    flags + [
                        "--ready", "tcp:80", "sh", "-c", "for i in $(seq 30); do echo line $i; done; sleep 0.3; exit 3",
                    ])
                #expect(outcome.code == 125 && outcome.word.count == 64, "\(outcome)")
                #expect(outcome.error.contains("line 21\n") && outcome.error.contains("line 30\n"), "\(outcome.error)")
                #expect(!outcome.error.contains("line 20\n"))
                #expect(outcome.error.contains("it has ended with exit code 3 before it listens on TCP port 80"))
                if !removes { succeed("rm", "reend") }
            }
            let gone = run("regone", ["--ready", "log:x", "true"])
            #expect(gone.code == 125)
            let wait = mydocker("wait", "--for", "tcp:80", "regone")
            #expect(wait.code == 1 && wait.error.contains("exit code 0"), "\(wait)")
            succeed("rm", "regone")
        }
    }

    @Test func runningAndExited() throws {
        Ledger.expectUnchanged {
            succeed("create", "--net", "none", "--name", "relife", "sh", "-c", "sleep 0.5; exit 4")
            defer { succeed("rm", "-f", "relife") }
            #expect(mydocker("wait", "--for", "running", "--timeout", "100ms", "relife").code == 124)
            succeed("start", "relife")
            #expect(mydocker("wait", "--for=running", "relife", seconds: 5).text == "relife\n")
            #expect(mydocker("wait", "--for", "exited", "relife", seconds: 5).text == "4\n")
            #expect(mydocker("wait", "--timeout", "5", "relife", seconds: 5).text == "4\n")
            let bad = mydocker("wait", "--for", "tcp:http", "relife")
            #expect(bad.code == 125 && bad.text == "")
            let missing = mydocker("wait", "--for", "running", "renot")
            #expect(missing.code == 1 && missing.error == "mydocker: No such container: renot\n")
        }
    }

    @Test func aSignalEndsTheWaitAlone() {
        Ledger.expectUnchanged {
            let outcome = Host.shell(
                """
                $MYDOCKER run -d --net none --name reint --ready tcp:80 sleep 1000 >/dev/null & command=$!
                until [ "$($MYDOCKER inspect -f '{{.State.Status}}' reint 2>/dev/null)" = running ]; do sleep 0.05; done
                sleep 0.2; kill -TERM $command; wait $command; echo $?
                """)
            #expect(outcome.text == "143\n", "\(outcome)")
            #expect(inspect("{{.State.Status}}", "reint") == "running")
            succeed("rm", "-f", "reint")
        }
    }
}
