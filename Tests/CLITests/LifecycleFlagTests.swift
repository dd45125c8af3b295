import Foundation
import Testing

extension CLI {
    /// What the flags of `run` do inside.
    @Suite(.serialized) struct Flags {
        init() { #expect(Host.hasDefaultImage) }
    }
}

// MARK: - Environment, identity, place

extension CLI.Flags {
    @Test func B76_theEnvironmentIsTheContainersOwn() throws {
        try withScratch { directory in
            let host = [
                "SECRET": "s", "PATH": "/nosuch:" + (ProcessInfo.processInfo.environment["PATH"] ?? ""), "TAKEN": "t",
            ]
            let plain = runOnce("-h", "box", "env", environment: host).lines.sorted()
            let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            #expect(plain == ["HOME=/root", "HOSTNAME=box", path])
            #expect(runOnce("-t", "env").text.contains("TERM=xterm\r\n"))
            try writeFile("# comment\n\nA=file\nTAKEN\nUNSETHERE\nSPACE= x \nE=a=b\n", directory + "/env")
            let given = runOnce(
                "--env-file", directory + "/env", "-e", "A=flag", "-e", "SECRET", "-e", "UNSETHERE2", "-e", "EMPTY=",
                "-e", "HOME=/h",
                "env", environment: host
            ).lines.filter { $0 != path && !$0.hasPrefix("HOSTNAME=") }.sorted()
            #expect(given == ["A=flag", "E=a=b", "EMPTY=", "HOME=/h", "SECRET=s", "SPACE= x ", "TAKEN=t"])
            #expect(runOnce("-e", "=x", "true").code == 125)
            #expect(runOnce("--env-file", directory + "/nosuch", "true").code == 125)
            try writeFile("A B=c\n", directory + "/bad")
            let bad = runOnce("--env-file", directory + "/bad", "true")
            #expect(bad.code == 125 && bad.error.contains("whitespace"))
        }
    }

    @Test func labelsComeFromFilesAndFlags() throws {
        try withScratch { directory in
            try writeFile("# none\nonly\n\nfrom=file\nurl=a=b\n", directory + "/labels")
            try withContainer("lflabels", "--label-file", directory + "/labels", "-l", "from=flag", "sleep", "1000") {
                _ in
                #expect(
                    inspect("{{json .Config.Labels}}", "lflabels") == #"{"from":"flag","only":"","url":"a=b"}"#)
            }
            #expect(runOnce("--label-file", directory + "/nosuch", "true").code == 125)
        }
    }

    /// The program is looked up in the container's PATH, in the container's file system.
    @Test func B76_theProgramIsLookedUpInside() throws {
        try withScratch { directory in
            try writeFile("#!/bin/sh\necho $1\n", directory + "/lfprogram")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory + "/lfprogram")
            #expect(Host.shell("PATH=\(directory):$PATH lfprogram x").text == "x\n")
            #expect(Host.shell("PATH=\(directory):$PATH $MYDOCKER run --rm --net none lfprogram x").code == 125)
            #expect(
                runOnce("-v", "\(directory):/own", "-e", "PATH=/own:/bin", "lfprogram", "found").text
                    == "found\n")
        }
    }

    @Test func theUserMayBeANameOrANumber() {
        func identity(_ user: String) -> String {
            runOnce("-u", user, "sh", "-c", "id -u; id -g; id -G; echo $HOME").word
        }
        #expect(identity("1234") == "1234\n0\n0\n/")
        #expect(identity("1234:55") == "1234\n55\n55\n/")
        #expect(identity("nobody") == "65534\n65534\n65534\n/nonexistent")
        #expect(identity("root") == "0\n0\n0\n/root")
        for user in ["nosuchuser", "root:nosuchgroup"] {
            let outcome = runOnce("-u", user, "true")
            #expect(outcome.code == 125 && outcome.error.contains("unable to find"), "\(outcome.error)")
        }
        let status = runOnce("-u", "1234", "cat", "/proc/self/status").text
        #expect(Host.status("CapEff", in: status) == "0000000000000000")
        #expect(Host.status("CapPrm", in: status) == "0000000000000000")
    }

    @Test func B55_hostNameAndItsFiles() {
        let outcome = runOnce("--hostname", "box.example", "sh", "-c", "hostname; cat /etc/hostname; cat /etc/hosts")
        #expect(outcome.lines.prefix(2) == ["box.example", "box.example"])
        #expect(outcome.text.contains("127.0.0.1\tlocalhost"))
        #expect(Host.run(["hostname"]).word != "box.example")
        let written = runOnce(
            "sh", "-c",
            "echo 1.2.3.4 other >>/etc/hosts; echo x >/etc/hostname; tail -n 1 /etc/hosts; cat /etc/hostname")
        #expect(written.text == "1.2.3.4 other\nx\n")
        #expect(!Host.read("/etc/hosts").contains("1.2.3.4 other"))
        for name in ["a\nb", String(repeating: "a", count: 65)] {
            #expect(runOnce("--hostname=\(name)", "true").code == 125, "\(name)")
        }
    }

    @Test func theWorkingDirectoryIsMade() {
        #expect(runOnce("pwd").text == "/\n")
        #expect(runOnce("-w", "/new/deep/one", "sh", "-c", "pwd; touch file; ls").text == "/new/deep/one\nfile\n")
        #expect(runOnce("-w", "relative", "pwd").code == 125)
        #expect(runOnce("-w", "/../../etc", "pwd").text == "/etc\n")
    }

    @Test func theEntryPointIsReplaced() {
        #expect(runOnce("--entrypoint", "echo", "busybox", "a  b", "c").text == "a  b c\n")
        #expect(runOnce("--entrypoint=", "busybox", "echo", "x").text == "x\n")
    }

    @Test func theIDFileIsWrittenOnce() throws {
        try withScratch { directory in
            let file = directory + "/id"
            let outcome = runOnce("--cidfile", file, "hostname")
            let id = try String(contentsOfFile: file, encoding: .utf8)
            #expect(id.wholeMatch(of: /[0-9a-f]{64}/) != nil && id.hasPrefix(outcome.word), "\(id)")
            Ledger.expectUnchanged {
                let again = runOnce("--cidfile", file, "touch", "/x")
                #expect(again.code == 125 && again.error.contains(file))
            }
            #expect(Host.read(file) == id)
            // Of a container that never was there is no id.
            #expect(runOnce("--cidfile", directory + "/none", "nosuch").code == 125)
            #expect(!FileManager.default.fileExists(atPath: directory + "/none"))
        }
    }

    /// What the caller has open is no file that is there: it is written to, and no supervisor keeps it.
    @Test func theIDGoesToWhatIsOpen() throws {
        try withScratch { directory in
            let outcome = Host.shell(
                """
                cd \(directory); filled() { for i in $(seq 500); do [ -s $1 ] && return; sleep 0.01; done; }
                run="$MYDOCKER run --net none"; same() { [ "$(cut -c -12 $1)" = "$2" ] && echo same; }
                name=$($run --rm --cidfile >(cat >one) hostname); filled one; same one $name
                name=$($run --rm --sig-proxy=false --cidfile /proc/self/fd/3 hostname 3>two); same two $name
                id=$($run -d --name cidopen --cidfile /dev/fd/3 sleep 20 3>&1 >/dev/null)
                [ "$id true" = "$($MYDOCKER inspect -f '{{.Id}} {{.State.Running}}' cidopen)" ] && echo runs
                $MYDOCKER rm -f cidopen >/dev/null
                echo first >all; id=$($MYDOCKER create --net none --cidfile /dev/fd/3 busybox true 3>>all)
                echo $id | cat <(echo first) - | tr -d '\n' | cmp - <(tr -d '\n' <all) && echo appended
                $MYDOCKER rm $id >/dev/null; $run --cidfile /dev/fd/3 true 3>&- 2>&1 | head -n 1
                """)
            #expect(
                outcome.lines == [
                    "same", "same", "runs", "appended", "mydocker: open \"/dev/fd/3\": Bad file descriptor",
                ], "\(outcome)")
        }
    }

    /// Whoever reads the id from a pipe has its end while the program runs.
    @Test(arguments: ["", "--sig-proxy=false", "-it --detach-keys ctrl-x,q"])
    func thePipeOfTheIDEnds(_ flags: String) throws {
        try withScratch { directory in
            let outcome = Host.shell(
                """
                cd \(directory); m=$MYDOCKER; mkfifo pipe; (cat pipe >id; echo end >end) &
                $m run --net none --name cidpipe \(flags) --cidfile /dev/fd/3 sleep 60 3>pipe >/dev/null 2>&1 &
                state() { $m inspect -f '{{.Id}} {{.State.Running}}' cidpipe; }
                for i in $(seq 250); do
                  [ -s end ] && [ "$(cat id) true" = "$(state)" ] && echo ended, and it runs && break; sleep 0.02
                done
                $m rm -f cidpipe >/dev/null; wait
                """)
            #expect(outcome.lines == ["ended, and it runs"], "\(outcome)")
        }
    }

    /// Nor does one that does not read, or has gone, keep or kill the command.
    @Test func thePipeOfTheIDIsNotRead() throws {
        Ledger.expectUnchanged {
            let outcome = Host.shell(
                """
                m=$MYDOCKER; exec 3> >(exit); wait $!
                $m create --net none --name cidlost --cidfile /dev/fd/3 busybox true 2>&1; $m rm cidlost 2>&1
                exec 3> >(exec sleep 60); reader=$!; head -c 65536 /dev/zero >&3
                $m run --net none --name cidfull --cidfile /dev/fd/3 true 2>/dev/null & sleep 1
                kill $!; wait $!; echo $?; $m rm cidfull 2>&1; kill -9 $reader
                """)
            #expect(
                outcome.lines == [
                    "mydocker: write \"/dev/fd/3\": Broken pipe", "mydocker: No such container: cidlost", "143",
                    "mydocker: No such container: cidfull",
                ], "\(outcome)")
        }
    }

    /// What has gone out is not taken back: the state is on record, too.
    @Test func theIDComesWhenAllIsOnRecord() throws {
        let words = ["create", "--net", "none", "--name", "cidlate", "--cidfile", "/dev/stderr", "busybox", "true"]
        let points = try FaultPoints.list(words)
        #expect(mydocker("rm", "cidlate").code == 0)
        let number = try #require(points.number("replace", "/state.json"))
        Ledger.expectUnchanged {
            let failed = Host.run([Host.mydocker] + words, environment: ["MYDOCKER_FAULT": "error@\(number)"])
            #expect(failed.code != 0 && failed.error.hasPrefix("mydocker: "), "\(failed.error)")
            #expect(mydocker("rm", "cidlate").code == 1)
        }
    }

    /// As with tini: what the program has begun is the program's to end.
    @Test func initTellsTheProgramAlone() throws {
        let script = """
            (trap 'echo child' TERM; echo ready; while :; do sleep 0.02; done) &
            trap 'echo program; exit 5' TERM; while :; do sleep 0.02; done
            """
        try withContainer("lfinit", "--init", "sh", "-c", script) { _ in
            waitForLog("lfinit", "ready")
            succeed("stop", "lfinit", seconds: 8)
            #expect(inspect("{{.State.ExitCode}}", "lfinit") == "5")
            #expect(succeed("logs", "lfinit").text == "ready\nprogram\n")
        }
    }

    @Test func initReapsWhatIsLeftToIt() {
        // Each inner shell dies before its child, which then belongs to process 1.
        let state = "for f in /proc/[0-9]*/stat; do cut -d' ' -f3 $f; done 2>/dev/null | grep -c Z"
        let spawn = "for i in 1 2 3 4 5; do sh -c 'sleep 0.05 & exit'; done; sleep 0.5; \(state); echo $$"
        let with = runOnce("--init", "sh", "-c", spawn).lines
        #expect(with.first == "0")
        #expect(with.last.flatMap { Int($0) }.map { $0 > 1 } == true, "the program is not process 1")
        #expect(runOnce("sh", "-c", "echo $$").text == "1\n")
    }
}
