import Foundation
import Testing

extension CLI {
    /// What goes into a container and what comes out of it.
    @Suite(.serialized) struct Streams {
        init() { #expect(Host.hasDefaultImage) }
    }
}

// MARK: - Input

extension CLI.Streams {
    @Test func B75_standardInputIsLeftAloneWithoutI() {
        let script = """
            printf '1\\n2\\n3\\n' | while read -r line; do
              $MYDOCKER run --rm --net none cat; $MYDOCKER run --rm -t --net none true >/dev/null; echo "got $line"
            done
            """
        let outcome = Host.shell(script)
        #expect(outcome.text == "got 1\ngot 2\ngot 3\n")
        #expect(
            runOnce("sh", "-c", "readlink /proc/self/fd/0; cat; echo end", input: Data("x\n".utf8)).text
                == "/dev/null\nend\n")
    }

    @Test func B75_execLeavesStandardInputAloneToo() throws {
        try withContainer("lfstdin", "sleep", "1000") { _ in
            let script =
                "printf '1\\n2\\n' | while read -r line; do $MYDOCKER exec lfstdin cat; echo \"got $line\"; done"
            #expect(Host.shell(script).text == "got 1\ngot 2\n")
            #expect(succeed("exec", "-i", "lfstdin", "cat", input: Data("x\ny".utf8)).text == "x\ny")
        }
    }

    @Test func inputArrivesAndEnds() throws {
        let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        #expect(runOnce("-i", "cat", input: bytes).output == bytes)
        // Byte after byte, as somebody types it.
        let run = try Background(
            [
                Host.mydocker, "run", "--rm", "-i", "--net", "none", "sh", "-c",
                "while read -r x; do echo got $x; done; echo end",
            ],
            hasInput: true)
        run.write("a\n")
        run.expect("got a\n")
        run.write("b\n")
        run.expect("got b\n")
        #expect(!run.text.contains("end"))
        run.closeInput()
        #expect(run.end() == 0)
        #expect(run.text == "got a\ngot b\nend\n")
    }

    /// A file is read from where it stands, and no further than the program reads.
    @Test func inputFromAFileIsTheProgramsOwn() throws {
        let script =
            "printf 'one\\ntwo\\nthree\\n' | { read -r a; $MYDOCKER run --rm -i --net none sh -c 'read -r b; echo $b'; cat; }"
        #expect(Host.shell(script).text == "two\nthree\n")
    }

    @Test func aProgramThatEndsBeforeItsInput() {
        let outcome = Host.shell("yes | $MYDOCKER run --rm -i --net none head -n 2; echo ${PIPESTATUS[1]}", seconds: 20)
        #expect(outcome.text == "y\ny\n0\n")
    }
}

// MARK: - Output

extension CLI.Streams {
    @Test func standardErrorStaysApart() {
        let outcome = runOnce("sh", "-c", "echo out; echo err >&2; printf partial; printf part >&2; exit 3")
        #expect(outcome.code == 3)
        #expect(outcome.text == "out\npartial")
        #expect(outcome.error == "err\npart")
    }

    /// 256 MiB through a reader that stops now and then.
    @Test func muchOutputArrivesByteForByteThroughASlowReader() {
        let outcome = Host.shell(
            """
            produce='dd if=/dev/urandom of=/tmp/block bs=65536 count=16 2>/dev/null
              for i in $(seq 256); do cat /tmp/block; done | tee /dev/stderr | sha256sum >/sums/inside'
            mkdir -p $MYDOCKER_SANDBOX_SCRATCH/sums
            $MYDOCKER run --rm --net none -v $MYDOCKER_SANDBOX_SCRATCH/sums:/sums sh -c "$produce" 2>&1 >/dev/null |
              { for i in 1 2 3 4 5 6; do head -c 10000000; sleep 0.05; done; cat; } | sha256sum
            cat $MYDOCKER_SANDBOX_SCRATCH/sums/inside
            sha256sum </dev/null
            """)
        #expect(outcome.lines.count == 3 && outcome.lines[0] != outcome.lines[2])
        #expect(outcome.lines[0] == outcome.lines[1])
    }

    @Test func whatAProgramWroteLastArrives() {
        for _ in 0..<20 {
            // More than a pipe holds, and the end right behind it.
            let outcome = runOnce("sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x; echo end >&2; printf end")
            #expect(outcome.output.count == 200_003)
            #expect(outcome.text.hasSuffix("xend"))
            #expect(outcome.error == "end\n")
        }
    }

    @Test func aReaderThatGoesAwayEndsAWriter() {
        let outcome = Host.shell(
            "$MYDOCKER run --rm --net none yes 2>/dev/null | head -n 1; echo ${PIPESTATUS[0]}", seconds: 20)
        #expect(outcome.lines.first == "y")
        #expect(outcome.lines.count == 2 && outcome.lines.last != "0", "\(outcome.text)")
    }

    /// Process 1 does not die of SIGPIPE, and would write for ever. It is asked to end, if it listens.
    @Test func nothingGoesOnThatNobodyReads() {
        Ledger.expectUnchanged {
            let loop = "while :; do echo x; sleep 0.05; done"
            for (flags, script) in [("", loop), ("-t", loop), ("", "trap '' PIPE; \(loop)")] {
                let outcome = Host.shell(
                    "$MYDOCKER run --rm --net none \(flags) sh -c \"\(script)\" 2>/dev/null | head -n 1; echo ${PIPESTATUS[0]}",
                    seconds: 10)
                #expect(outcome.text.replacingOccurrences(of: "\r\n", with: "\n") == "x\n141\n", "\(flags) \(script)")
            }
            let asked = Host.shell(
                """
                $MYDOCKER run --net none --name lfunread --restart always sh -c "trap 'exit 9' TERM; \(loop)" 2>/dev/null |
                  head -n 1; echo ${PIPESTATUS[0]}
                """, seconds: 10)
            #expect(asked.text == "x\n141\n")
            #expect(inspect("{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", "lfunread") == "exited 9 0")
            succeed("rm", "lfunread")
            // One that ends by itself has the time for it, and its own exit code.
            let own = Host.shell(
                "$MYDOCKER run --rm --net none sh -c 'echo x; echo y; sleep 0.3; exit 4' | true; echo ${PIPESTATUS[0]}")
            #expect(own.text == "4\n")
        }
    }

    @Test func outputThatCannotBeWrittenIsAnError() throws {
        let lost = "mydocker: warning: output is lost: write standard output: No space left on device\n"
        try withContainer("lflost", "sleep", "1000") { _ in
            for command in ["run --rm --net none", "exec lflost"] {
                for (script, code) in [("echo x", "125"), ("echo x; exit 3", "3")] {
                    let outcome = Host.shell("$MYDOCKER \(command) sh -c '\(script)' >/dev/full; echo $?")
                    #expect(outcome.text == "\(code)\n" && outcome.error == lost, "\(command): \(outcome.error)")
                }
            }
        }
    }

    /// Whoever cannot be told the id is told what there is now, with the exit code of the command's own failures.
    @Test(arguments: [
        ("run -d", "was started", "rm -f", "125", "running"),
        ("run -d --json", "was started", "rm -f", "125", "running"),
        ("create", "was created", "rm", "1", "created"),
    ])
    func anIDThatCannotBeWritten(command: String, fate: String, undo: String, code: String, phase: String) {
        Ledger.expectUnchanged {
            // A full disk, and a reader that has gone, where that does not end who writes.
            for (reason, opened) in [("No space left on device", "/dev/full"), ("Broken pipe", ">(true); sleep 0.3")] {
                let outcome = Host.shell(
                    """
                    trap '' PIPE; exec 3> \(opened)
                    $MYDOCKER \(command) --net none --name lfunsaid sleep 1000 >&3; echo $?; exec 3>&-
                    $MYDOCKER inspect -f '{{.Id}} {{.State.Status}}' lfunsaid; $MYDOCKER rm -f lfunsaid
                    """)
                let id = String((outcome.lines.dropFirst().first ?? "").prefix(12))
                #expect(outcome.lines.first == code && outcome.lines.dropFirst().first?.hasSuffix(" \(phase)") == true)
                #expect(
                    outcome.error.contains("container \(id) \(fate), but its id cannot be written: \(reason)"),
                    "\(command): \(outcome.error)")
                #expect(outcome.error.contains("mydocker \(undo) \(id) takes it away"), "\(outcome.error)")
            }
        }
    }

    /// What says only what it has done is for nobody where the caller has closed its output.
    @Test func aNameThatCannotBeWritten() {
        let outcome = Host.shell(
            """
            exec 2>&1; m=$MYDOCKER
            $m volume create lfvolume >/dev/full; echo $?; $m volume create --json lfvolume 2>&1 >/dev/full | grep -c "but its name cannot be written"
            (trap '' PIPE; exec 3> >(true); sleep 0.3; $m volume create lfvolume >&3; echo $?)
            $m volume create lfother >&-; echo $?; $m volume rm lfvolume lfother
            $m network reload >&-; echo $?; $m buildx create --name lfbuilder >&-; echo $?; $m buildx rm lfbuilder
            """)
        let told = { (reason: String) in
            [
                "mydocker: volume lfvolume is there, but its name cannot be written: \(reason)",
                "  mydocker volume rm lfvolume takes it away", "1",
            ]
        }
        #expect(
            outcome.lines == told("No space left on device") + ["1"] + told("Broken pipe") + [
                "0", "lfvolume", "lfother", "0", "0", "lfbuilder removed",
            ],
            "\(outcome.text)")
    }

    /// Programs that log to /dev/stdout open it anew.
    @Test func theStreamsBelongToTheUser() throws {
        let script = "echo out >/dev/stdout; echo err >/dev/stderr"
        let outcome = runOnce("-u", "1234:55", "sh", "-c", script)
        #expect(outcome.text == "out\n" && outcome.error == "err\n" && outcome.code == 0)
        try withContainer("lfowns", "-u", "nobody", "sh", "-c", "\(script); exec sleep 1000") { _ in
            waitForLog("lfowns", "out")
            #expect(succeed("logs", "lfowns").text == "out\n")
            #expect(succeed("exec", "-u", "77", "lfowns", "sh", "-c", script).text == "out\n")
        }
    }

    /// A closed descriptor's number must not come to mean a file of ours.
    @Test func closedStandardStreams() throws {
        try withScratch { directory in
            for closed in [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"] {
                Ledger.expectUnchanged {
                    let outcome = Host.shell(
                        """
                        $MYDOCKER run --rm -i --net none -v \(directory):/d sh -c \
                          'echo data; echo data >&2; echo ran >/d/ran; exit 4' \(closed)
                        """)
                    #expect(outcome.code == 4, "\(closed)")
                    #expect(Host.read(directory + "/ran") == "ran", "\(closed)")
                    if !closed.contains("1") && !closed.contains(" >") && !closed.hasPrefix(">") {
                        #expect(outcome.text == "data\n", "\(closed)")
                    }
                }
                #expect(Host.shell("$MYDOCKER ps -a \(closed)").code != 139)
            }
        }
    }

    /// Who closes standard output does not want to be told: as in Docker.
    @Test func whatIsDoneWithoutStandardOutputIsDone() {
        Ledger.expectUnchanged {
            for (command, closed) in [("run -d", ">&-"), ("run -d", "<&- >&- 2>&-"), ("create", ">&-")] {
                let words = "\(command) --net none --name lfclosed sh -c 'echo data; exec sleep 1000'"
                #expect(Host.shell("$MYDOCKER \(words) \(closed)").code == 0, "\(command) \(closed)")
                #expect(Host.shell("$MYDOCKER start lfclosed \(closed)").code == 0)
                waitForLog("lfclosed", "data")
                #expect(inspect("{{.State.Status}}", "lfclosed") == "running")
                #expect(Host.shell("$MYDOCKER rm -f lfclosed \(closed)").code == 0)
            }
        }
    }

    @Test func aFullDiskBehindStandardOutputDoesNotHang() {
        #expect(Host.shell("$MYDOCKER run --rm --net none sh -c 'echo x; exit 3' >/dev/full", seconds: 20).code == 3)
        let table = Host.shell("$MYDOCKER ps >/dev/full", seconds: 20)
        #expect(table.code == 1)
        #expect(table.error.contains("No space left on device"))
    }

    @Test func nothingOfTheHostsIsOpenInside() throws {
        let list = "ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> \\(.*\\)/\\1 \\2/p'"
        let outcome = Host.shell("exec 7</etc/passwd 9<>/dev/null; $MYDOCKER run --rm --net none sh -c \"\(list)\"")
        #expect(outcome.lines.count == 3, "\(outcome.text)")
        #expect(outcome.lines.first == "0 /dev/null")
        #expect(
            outcome.lines.dropFirst().allSatisfy { $0.wholeMatch(of: /[12] pipe:\[\d+\]/) != nil }, "\(outcome.text)")
        try withContainer("lffds", "sleep", "1000") { _ in
            let inner = Host.shell("exec 7</etc/passwd; $MYDOCKER exec lffds sh -c \"\(list)\"")
            #expect(inner.lines.count == 3, "\(inner.text)")
            // Nor does the detached one hold anything of its starter's.
            let pid = inspect("{{.State.Pid}}", "lffds")
            let open = Host.run(["ls", "-l", "/proc/\(pid)/fd"]).text
            #expect(
                !open.contains("/work") && !open.contains("mydocker/containers") && !open.contains("socket:"), "\(open)"
            )
        }
    }

    /// `$(mydocker run -d …)` returns, as nobody keeps the pipe.
    @Test func aDetachedContainerDoesNotKeepItsCallersPipe() {
        let outcome = Host.shell(
            "id=$($MYDOCKER run -d --net none --name lfpipe sleep 1000 2>&1); echo ${#id}; $MYDOCKER rm -f lfpipe",
            seconds: 10)
        #expect(outcome.text == "64\nlfpipe\n")
    }
}
