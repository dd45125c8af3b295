import Foundation
import Testing

extension CLI {
    /// `pause`, `unpause`, and what the other commands do with a paused container.
    @Suite(.serialized) struct Pauses {
        init() { #expect(Host.hasDefaultImage) }

        /// Counts for as long as it runs, and ends with 3 when it is asked to.
        static let program = [
            "sh", "-c",
            "trap 'exit 3' TERM INT; echo ready; while :; do printf . >>/count; usleep 2000; done",
        ]

        /// Paused from the start of `body`.
        private func withPaused(_ name: String, _ flags: [String] = [], _ body: (Box) throws -> Void) throws {
            let box = try Box(name, on: "none", flags, command: Self.program)
            defer { Host.run([Host.mydocker, "rm", "-f", name]) }
            waitForLog(name, "ready")
            #expect(succeed("pause", name).text == "\(name)\n")
            try body(box)
        }

        private func status(_ name: String) -> String { inspect("{{.State.Status}}", name) }
    }
}

extension CLI.Pauses {
    private static let removeUntagged = """
        for id in $($MYDOCKER images -q --no-trunc --format '{{.Repository}} {{.ID}}' | sed -n 's/^<none> //p'); do
          $MYDOCKER rmi $id >/dev/null
        done
        """

    private func count(_ box: Box) -> String { Host.read("/proc/\(box.pid)/root/count") }

    @Test func nothingInThereRuns() throws {
        try Ledger.expectUnchanged {
            try withPaused("pahold") { box in
                let held = count(box)
                usleep(50_000)
                #expect(count(box) == held && held != "")
                #expect(
                    inspect("{{.State.Status}} {{.State.Paused}} {{.State.Running}} {{.State.ExitCode}}", "pahold")
                        == "paused true true 0")
                let row = succeed("ps", "-f", "status=paused", "--format", "{{.Names}} {{.State}} {{.Status}}").word
                #expect(row.hasPrefix("pahold paused Up ") && row.hasSuffix(" (Paused)"), "\(row)")
                #expect(succeed("ps", "-q", "-f", "status=running", "-f", "name=pahold").text == "")
                #expect(succeed("ps", "-q", "-f", "name=pahold").lines.count == 1)
                #expect(succeed("system", "check").code == 0)
                #expect(succeed("unpause", "pahold").text == "pahold\n")
                Host.eventually("it counts") { count(box) != held }
                #expect(inspect("{{.State.Status}} {{.State.Paused}}", "pahold") == "running false")
            }
        }
    }

    @Test func severalAtOnceAndEachFailureForItself() throws {
        try withContainer("paone", "sleep", "1000") { one in
            try withContainer("patwo", "sleep", "1000") { _ in
                let first = mydocker("pause", "paone", "panone", "patwo")
                #expect(first.code == 1 && first.lines == ["paone", "patwo"])
                #expect(first.error == "mydocker: No such container: panone\n")
                let second = mydocker("pause", "paone")
                #expect(second.code == 1 && second.error == "mydocker: Container \(one) is already paused\n")
                succeed("unpause", "paone", "patwo")
                let third = mydocker("unpause", "paone")
                #expect(third.code == 1 && third.error == "mydocker: Container \(one) is not paused\n")
            }
        }
    }

    @Test func othersAreRefused() throws {
        try withPaused("parefuse") { box in
            let exec = mydocker("exec", "parefuse", "true")
            #expect(exec.code == 1)
            #expect(exec.error == "mydocker: Container \(box.id) is paused, unpause the container before exec\n")
            let removal = mydocker("rm", "parefuse")
            #expect(removal.code == 1)
            #expect(
                removal.error
                    == "mydocker: cannot remove container \"parefuse\": container is paused and must be unpaused first\n"
            )
            #expect(status("parefuse") == "paused")
            #expect(succeed("logs", "parefuse").text == "ready\n")
        }
    }

    /// Nothing waits for a time-out.
    @Test func whoEndsItEndsIt() throws {
        let ends: [(command: [String], code: String)] = [
            (["stop", "-t", "30"], "3"), (["stop", "-s", "INT", "-t", "30"], "3"), (["stop", "-t", "0"], "137"),
            (["kill"], "137"), (["kill", "-s", "TERM"], "3"),
        ]
        try Ledger.expectUnchanged {
            for end in ends {
                try withPaused("paend") { _ in
                    #expect(
                        Host.run([Host.mydocker] + end.command + ["paend"], seconds: 10).code == 0, "\(end.command)")
                    #expect(mydocker("wait", "paend", seconds: 10).word == end.code, "\(end.command)")
                    #expect(status("paend") == "exited")
                }
            }
            try withPaused("paend") { _ in
                #expect(mydocker("rm", "-f", "paend", seconds: 10).code == 0)
                #expect(mydocker("inspect", "paend").code == 1)
            }
        }
    }

    @Test func anotherSignalWaits() throws {
        let script = "trap 'echo heard' USR1; echo ready; while :; do sleep 0.01; done"
        try withContainer("pausr", "sh", "-c", script) { _ in
            waitForLog("pausr", "ready")
            succeed("pause", "pausr")
            succeed("kill", "-s", "USR1", "pausr")
            #expect(status("pausr") == "paused")
            #expect(!succeed("logs", "pausr").text.contains("heard"))
            succeed("unpause", "pausr")
            waitForLog("pausr", "heard")
        }
    }

    @Test func commitLeavesItPaused() throws {
        // Those of others go with its own.
        #expect(Host.hasDefaultImage)
        Host.shell(Self.removeUntagged)
        try Ledger.expectUnchanged {
            try withPaused("pacommit") { box in
                succeed("commit", "pacommit", "pa:1")
                #expect(status("pacommit") == "paused")
                // Also when it is killed, at whatever moment.
                let held = count(box)
                for point in 1...12 {
                    mydocker("commit", "pacommit", "pa:1", environment: ["MYDOCKER_FAULT": "kill@\(point)"])
                }
                usleep(50_000)
                #expect(status("pacommit") == "paused" && count(box) == held)
                // It also clears away what those that were killed have left.
                succeed("commit", "pacommit", "pa:1")
            }
            Host.shell(Self.removeUntagged + "; $MYDOCKER rmi -f pa:1 >/dev/null")
        }
    }

    /// What `commit` holds still for a moment is not taken for paused: the others wait.
    @Test func aCommitIsNoPause() throws {
        try withContainer("pawait", "sleep", "1000") { _ in
            let outcome = Host.shell(
                """
                list=$(mktemp -u)
                MYDOCKER_FAULT_LIST=$list $MYDOCKER commit pawait pawait:1 >/dev/null
                n=$(grep -n 'write.*cgroup.freeze\\|write.*freezer.state' $list | sed -n 1p | cut -d: -f1)
                rm $list
                # It is stopped when the container is frozen.
                MYDOCKER_FAULT=stop@$((n + 1)) $MYDOCKER commit pawait pawait:1 >/dev/null &
                until grep -q '^State:.*stopped' /proc/$!/status; do sleep 0.01; done
                # Of the two that wait either may be first: behind the other one it comes to its end when that is over.
                # A test waits for whoever has what it gave to the shell: that one may be held until the container goes on.
                (
                  for file in /proc/self/fd/*; do [ ${file##*/} -le 2 ] || eval "exec ${file##*/}>&-"; done
                  exec $MYDOCKER exec pawait echo inside
                ) >/dev/null 2>&1 </dev/null &
                exec=$!
                $MYDOCKER pause pawait &
                pause=$!
                sleep 0.2
                kill -0 $exec && kill -0 $pause && echo waiting
                kill -9 $(pgrep -P $$ -f commit) 2>/dev/null; kill -CONT %1 2>/dev/null
                wait $pause
                """)
            #expect(outcome.lines.first == "waiting", "\(outcome)")
            #expect(outcome.lines.contains("pawait"), "\(outcome)")
            #expect(status("pawait") == "paused")
            succeed("unpause", "pawait")
            mydocker("rmi", "-f", "pawait:1")
        }
    }

    @Test func aForegroundRunIsEndedBySignals() throws {
        try Ledger.expectUnchanged {
            for (program, signal, code): ([String], Int32, Int32) in [
                (Self.program, SIGINT, 3), (Self.program, SIGTERM, 3), (["sleep", "1000"], SIGINT, 137),
                (["sleep", "1000"], SIGHUP, 137),
            ] {
                let run = try Background(
                    [Host.mydocker, "run", "--rm", "--net", "none", "--name", "pafore"] + program)
                Host.eventually("it runs") {
                    mydocker("inspect", "-f", "{{.State.Status}}", "pafore").word == "running"
                }
                if program == Self.program { run.expect("ready") }
                succeed("pause", "pafore")
                kill(run.pid, signal)
                #expect(run.end(seconds: 10) == code, "\(program) \(signal)")
            }
        }
    }

    @Test func itEndsWithItsSupervisor() throws {
        try Ledger.expectUnchanged {
            for flags in [[], ["--rm"]] {
                try withPaused("padead", flags) { box in
                    box.killSupervisor()
                    #expect(succeed("ps", "-q", "-f", "name=padead").text == "")
                    succeed("run", "--rm", "--net", "none", "--name", flags.isEmpty ? "paother" : "padead", "true")
                }
            }
        }
    }

    @Test func aRestartedOneIsNotPaused() throws {
        let script = "echo ready; [ -e /go ] && exec sleep 1000; touch /go; exec sleep 1000"
        try withContainer("paagain", "--restart", "always", "sh", "-c", script) { id in
            waitForLog("paagain", "ready")
            succeed("pause", "paagain")
            // It ends by itself, as it were.
            kill(Int32(inspect("{{.State.Pid}}", "paagain")) ?? -1, SIGKILL)
            Host.eventually("second round") { inspect("{{.State.Status}} {{.RestartCount}}", "paagain") == "running 1" }
        }
        try withContainer("parest", "--restart", "always", "sh", "-c", "exit 1") { id in
            Host.eventually("it rests") {
                inspect("{{.RestartCount}} {{.State.Status}}", "parest") >= "4 restarting"
            }
            let pause = mydocker("pause", "parest")
            #expect(pause.code == 1)
            #expect(pause.error == "mydocker: Container \(id) is restarting, wait until the container is running\n")
        }
    }

    @Test func whatDoesNotRunCannotBePaused() throws {
        let id = succeed("run", "-d", "--net", "none", "--name", "paover", "true").word
        defer { succeed("rm", "-f", "paover") }
        succeed("wait", "paover")
        let pause = mydocker("pause", "paover")
        #expect(pause.code == 1 && pause.error == "mydocker: container \(id) is not running\n")
        let unpause = mydocker("unpause", "paover")
        #expect(unpause.code == 1 && unpause.error == "mydocker: Container \(id) is not paused\n")
        for wrong in [["pause"], ["unpause"], ["pause", ""], ["pause", "--all"]] {
            let outcome = Host.run([Host.mydocker] + wrong)
            #expect(outcome.code == (wrong.last == "--all" ? 125 : 1) && outcome.text == "", "\(wrong)")
        }
    }

    /// The freezer of version 1, where there is no unified hierarchy.
    @Test(.enabled(if: !KernelLimits.isUnified && Host.shell("ls /sys/fs/cgroup/freezer").code == 0))
    func version1Alone() {
        Ledger.expectUnchanged {
            let outcome = Host.run(
                [
                    "unshare", "--mount", "bash", "-e", "-c",
                    """
                    umount -l /sys/fs/cgroup/unified
                    run() { $MYDOCKER run -d --net none --name pav1 "$@" sh -c 'trap "exit 3" TERM; while :; do sleep 0.01; done'; }
                    state() { $MYDOCKER inspect -f '{{.State.Status}}' pav1; }
                    run >/dev/null; $MYDOCKER exec -d pav1 sleep 1000
                    $MYDOCKER pause pav1; state; cat /sys/fs/cgroup/freezer/mydocker/*/freezer.state
                    $MYDOCKER commit pav1 pav1:1 >/dev/null; state
                    $MYDOCKER unpause pav1; $MYDOCKER exec pav1 echo inside
                    $MYDOCKER commit pav1 pav1:1 >/dev/null; state
                    $MYDOCKER pause pav1; $MYDOCKER stop pav1; $MYDOCKER inspect -f '{{.State.ExitCode}}' pav1; $MYDOCKER rm pav1
                    # Killed with its supervisor, it is held until somebody clears away.
                    id=$(run); $MYDOCKER pause pav1
                    kill -9 $(sed -n 's/.*"supervisor":\\([0-9]*\\).*/\\1/p' /run/mydocker/containers/$id/state.json)
                    $MYDOCKER rm pav1
                    run >/dev/null; $MYDOCKER pause pav1; $MYDOCKER rm -f pav1
                    $MYDOCKER rmi -f pav1:1 >/dev/null; \(Self.removeUntagged)
                    """,
                ], environment: ["MYDOCKER": Host.mydocker])
            #expect(
                outcome.lines == [
                    "pav1", "paused", "FROZEN", "paused", "pav1", "inside", "running", "pav1", "pav1", "3", "pav1",
                    "pav1",
                    "pav1", "pav1", "pav1",
                ], "\(outcome)")
        }
    }
}
