import Foundation
import Testing

extension CLI {
    /// A reader that stalls, a terminal that is stopped: nothing is held up. S9, defects 1 and 2.
    @Suite struct StalledReaders {
        /// What is made once and kept is there.
        init() { succeed("run", "--rm", "true") }

        @Test(arguments: [
            ["stop", "-t", "1", "w1"], ["kill", "w1"], ["rm", "-f", "w1"],
        ])
        func S9_D1_aReaderThatStallsKeepsNothing(_ command: [String]) throws {
            try Ledger.expectUnchanged {
                let line = "\(Host.mydocker) run --name w1 --net none yes | sleep 1000"
                let run = try Background(["/bin/bash", "-c", "exec 3< <(sleep 1000); \(line)"])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w1").word != "" }
                Host.eventually("the pipe is full") { Self.isWaiting(onOutputOf: "w1") }
                expectDone(command, 0, within: 4)
                if command[0] != "rm" {
                    #expect(!Host.isRunning("w1"))
                    expectDone(["wait", "w1"], 0, within: 2)
                    expectDone(["rm", "w1"], 0, within: 2)
                }
                // Its name is free while the output still waits to be read.
                #expect(runOnce("--name", "w1", "echo", "again").word == "again")
                kill(run.pid, SIGKILL)
                Host.shell("pkill -KILL -x sleep; pkill -KILL -f 'mydocker run --name w1'; true")
                _ = run.end()
            }
        }

        /// The log grows no more: the container waits for its reader.
        private static func isWaiting(onOutputOf name: String) -> Bool {
            let path = "/var/lib/mydocker/containers/\(inspect("{{.Id}}", name))/log.json"
            func size() -> Int? { (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int }
            let before = size()
            usleep(100_000)
            return before ?? 0 > 0 && before == size()
        }

        @Test func S9_theExitCodeAndTheWholeLogAreThereBeforeTheReaderIs() throws {
            try Ledger.expectUnchanged {
                // More than a pipe holds, less than two of them: the program ends while its last words are under way.
                let program = "head -c 100000 /dev/zero | tr '\\0' x; echo END; exit 7"
                let run = try Background([
                    "/bin/bash", "-c",
                    "\(Host.mydocker) run --name w2 --net none sh -c \"\(program)\" > >(sleep 1.5; wc -c); echo code $?",
                ])
                Host.eventually("it has ended") {
                    mydocker("ps", "-aq", "-f", "status=exited", "-f", "name=w2").word != ""
                }
                #expect(inspect("{{.State.ExitCode}}", "w2") == "7")
                #expect(succeed("logs", "w2").text.hasSuffix("xEND\n"))
                #expect(run.end() == 0)
                Host.eventually("all arrives: \(run.text)") { run.text.contains("100004") }
                #expect(run.text.contains("code 7"))
                succeed("rm", "w2")
            }
        }

        @Test(arguments: [SIGTERM, SIGINT]) func S9_aSignalEndsACommandThatOnlyDelivers(_ signal: Int32) throws {
            try Ledger.expectUnchanged {
                let run = try Background([
                    "/usr/bin/python3", "-c",
                    """
                    import os, subprocess, sys, time
                    r, w = os.pipe()
                    p = subprocess.Popen(sys.argv[1:], stdout=w)
                    print(p.pid, flush=True)
                    print("code", p.wait(), flush=True)
                    """, "/usr/bin/env", "--default-signal=INT", Host.mydocker, "run", "--name", "w3", "--net", "none",
                    "sh", "-c", "head -c 100000 /dev/zero; exit 5",
                ])
                run.expect("\n")
                let pid = try #require(Int32(run.text.split(separator: "\n")[0]))
                Host.eventually("it has ended") {
                    mydocker("ps", "-aq", "-f", "status=exited", "-f", "name=w3").word != ""
                }
                succeed("rm", "w3")
                kill(pid, signal)
                #expect(run.end(seconds: 3) == 0)
                #expect(run.text.contains("code 5"))
            }
        }

        /// One signal is enough, also when it is what ends the program: `timeout 5 mydocker run …`.
        @Test(arguments: [
            ["run", "--rm", "--net", "none"], ["run", "--rm", "--init", "--net", "none"], ["exec", "w18"],
        ])
        func S9_oneSignalIsEnough(_ words: [String]) throws {
            try withContainer("w18", "sleep", "1000") { _ in
                let line = words.joined(separator: " ")
                let outcome = Host.shell(
                    """
                    mkfifo $MYDOCKER_SANDBOX_SCRATCH/ff$$; exec 3<>$MYDOCKER_SANDBOX_SCRATCH/ff$$
                    timeout -k 8 1 $MYDOCKER \(line) yes >&3; echo $?
                    """, seconds: 20)
                #expect(outcome.word == "124", "\(outcome.error)")
            }
        }

        @Test func D2_aTerminalThatNobodyReadsHoldsNothingUp() throws {
            try Ledger.expectUnchanged {
                let run = try Background([
                    "/usr/bin/python3", "-c",
                    """
                    import os, subprocess, sys, time
                    m, s = os.openpty()
                    p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=s, stderr=s)
                    print("code", p.wait(), flush=True)
                    """, Host.mydocker, "run", "--name", "w4", "--net", "none", "sh", "-c",
                    "trap 'exit 9' TERM; yes & wait",
                ])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w4").word != "" }
                Host.eventually("the terminal is full") { Self.isWaiting(onOutputOf: "w4") }
                kill(try Host.recordedSupervisor(of: "w4"), SIGTERM)
                Host.eventually("it has ended", seconds: 3) { !Host.isRunning("w4") }
                #expect(inspect("{{.State.ExitCode}}", "w4") == "9")
                succeed("rm", "w4")
                Host.shell("pkill -KILL -f 'mydocker run --name w4'; true")
                _ = run.end()
            }
        }

        @Test func S9_aWarningThatNobodyReadsHoldsNothingUp() {
            Ledger.expectUnchanged {
                let outcome = Host.shell(
                    """
                    mkfifo $MYDOCKER_SANDBOX_SCRATCH/fw$$; exec 3<>$MYDOCKER_SANDBOX_SCRATCH/fw$$
                    head -c 65536 /dev/zero >&3
                    timeout -k 8 1 $MYDOCKER run --rm --net none sleep 1000 2>&3 >&3; echo $?
                    """, seconds: 20)
                #expect(outcome.word == "124", "\(outcome.error)")
            }
        }

        @Test func S9_anExecWithAReaderThatStallsEndsWhenItIsTold() throws {
            try Ledger.expectUnchanged {
                try withContainer("w14", "sleep", "1000") { _ in
                    let run = try Background([
                        "/usr/bin/python3", "-c",
                        """
                        import os, subprocess, sys
                        r, w = os.pipe()
                        p = subprocess.Popen(sys.argv[1:], stdout=w)
                        print(p.pid, flush=True)
                        print("code", p.wait(), flush=True)
                        """, Host.mydocker, "exec", "w14", "yes",
                    ])
                    run.expect("\n")
                    let pid = try #require(Int32(run.text.split(separator: "\n")[0]))
                    Host.eventually("it writes") { mydocker("exec", "w14", "pidof", "yes").code == 0 }
                    kill(pid, SIGTERM)
                    Host.eventually("the program has ended", seconds: 3) {
                        mydocker("exec", "w14", "pidof", "yes").code == 1
                    }
                    // The second one is for the command, which still has something to deliver.
                    kill(pid, SIGTERM)
                    #expect(run.end(seconds: 3) == 0)
                    #expect(run.text.contains("code 143"))
                }
            }
        }
    }
}
