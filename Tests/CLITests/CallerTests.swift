import Foundation
import Testing

/// What the caller is and has does not get in, and what the caller says stays between the two.
extension CLI {
    @Suite struct Caller {
        init() { #expect(Host.hasDefaultImage) }

        // MARK: - S3

        private static let secret = "hunter2"

        /// Every command line of this host, as any user may read it, that is mydocker's or has the secret in it.
        private func commandLines() -> [String] {
            let outcome = Host.shell(
                """
                for file in /proc/[0-9]*; do
                  [ "$(cat $file/comm 2>/dev/null)" != mydocker ] || tr '\\0' ' ' <$file/cmdline | sed 's/ *$/\\n/'
                done
                """)
            return outcome.lines
        }

        private func expectNoSecret(_ titles: Set<String>, sourceLocation: SourceLocation = #_sourceLocation) {
            let lines = commandLines()
            #expect(!lines.contains { $0.contains(Self.secret) }, "\(lines)", sourceLocation: sourceLocation)
            #expect(titles.isSubset(of: lines), "\(lines)", sourceLocation: sourceLocation)
        }

        @Test func S3_noSecretIsInACommandLine() throws {
            try withScratch { scratch in
                let secret = Self.secret
                let flags = ["-e", "PASSWORD=\(secret)", "-l", "token=\(secret)", "--env-file", "\(scratch)/env"]
                try writeFile("KEY=\(secret)\n", "\(scratch)/env")
                let run = [Host.mydocker, "run", "--net", "none"] + flags
                let program = ["sh", "-c", "echo $PASSWORD $KEY; sleep 1000"]
                Host.run(run + ["-d", "--name", "cs3d"] + program)
                defer { succeed("rm", "-f", "cs3d") }
                let foreground = try Background(run + ["--rm", "--init", "--name", "cs3f"] + program)
                foreground.expect("\(secret) \(secret)")
                let exec = try Background(
                    [Host.mydocker, "exec", "-e", "PASSWORD=\(secret)", "cs3d", "sh", "-c", "echo on; sleep 1000"])
                exec.expect("on")
                let ids = ["cs3d", "cs3f"].map { inspect("{{slice .Id 0 12}}", $0) }
                expectNoSecret(
                    Set(ids.map { "mydocker: supervisor of \($0)" } + ["mydocker: guardian", "mydocker exec"]))
                // Process 1 of --init is a copy of the supervisor.
                let pid = inspect("{{.State.Pid}}", "cs3f")
                #expect(Host.read("/proc/\(pid)/cmdline").hasPrefix("mydocker: supervisor of \(ids[1])\0"))
                #expect(Host.read("/proc/\(pid)/environ").allSatisfy { $0 == "\0" })
                succeed("rm", "-f", "cs3f")
                _ = (foreground.end(), kill(exec.pid, SIGKILL))
            }
        }

        /// The copy that goes on in the background.
        @Test func S3_afterARestart() throws {
            let outcome = Host.run([
                Host.mydocker, "run", "--net", "none", "--restart", "always", "--name", "cs3r", "-e",
                "PASSWORD=\(Self.secret)", "sh", "-c", "[ -e /again ] && sleep 1000; >/again",
            ])
            defer { succeed("rm", "-f", "cs3r") }
            #expect(outcome.code == 0)
            Host.eventually("second round") { inspect("{{.State.Status}}", "cs3r") == "running" }
            expectNoSecret(["mydocker: supervisor of \(inspect("{{slice .Id 0 12}}", "cs3r"))"])
        }

        /// A command that is at work for a while, and the process that would thaw its container.
        @Test func S3_commit() throws {
            try withScratch { scratch in
                try withContainer("cs3c", "sleep", "1000") { _ in
                    let commit = ["commit", "-m", Self.secret, "cs3c", "cs3image"]
                    let list = Host.run(
                        [Host.mydocker] + commit, environment: ["MYDOCKER_FAULT_LIST": "\(scratch)/list"])
                    #expect(list.code == 0, "\(list.error)")
                    let points = Host.read("\(scratch)/list").split(separator: "\n")
                    let fork = try #require(points.firstIndex { $0.hasSuffix(" create process") })
                    let stopped = try Background(
                        ["/usr/bin/env", "MYDOCKER_FAULT=stop@\(fork + 2)", Host.mydocker] + commit)
                    Host.eventually("stopped") {
                        Host.status("State", in: Host.read("/proc/\(stopped.pid)/status"))?.hasPrefix("T") == true
                    }
                    Host.eventually("guardian") { commandLines().contains("mydocker: guardian") }
                    expectNoSecret(["mydocker commit"])
                    kill(stopped.pid, SIGCONT)
                    #expect(stopped.end() == 0, "\(stopped.errorText)")
                    succeed("rmi", "cs3image")
                }
            }
        }

        // MARK: - S11

        /// `/`, its files, what is made for flags, and the program's own umask.
        @Test(arguments: ["077", "000", "027"])
        func S11_F1_theUmaskOfTheCallerDecidesNothing(umask: String) throws {
            try withScratch { scratch in
                let modes =
                    "umask; stat -c '%a %n' / /etc/hosts /etc/hostname /etc/resolv.conf /made /made/below /temporary /bound"
                let flags = "-w /made/below --tmpfs /temporary -v \(scratch)/source:/bound"
                let wanted = [
                    "0022", "755 /", "644 /etc/hosts", "644 /etc/hostname", "644 /etc/resolv.conf", "755 /made",
                    "755 /made/below", "1777 /temporary", "755 /bound",
                ]
                Host.shell("mkdir -m 755 \(scratch)/source")
                let run = Host.shell(
                    "umask \(umask); $MYDOCKER run --rm --net none -u 1000 \(flags) sh -c \"\(modes)\"")
                #expect(run.lines == wanted, "\(run.error)")
                let exec = Host.shell(
                    """
                    umask \(umask)
                    $MYDOCKER run -d --net none --name cumask \(flags) sleep 1000 >/dev/null
                    $MYDOCKER exec -u 1000 cumask sh -c "\(modes)"
                    $MYDOCKER rm -f cumask >/dev/null
                    """)
                #expect(exec.lines == wanted, "\(exec.error)")
                let imported = Host.shell(
                    """
                    umask 022; mkdir -p \(scratch)/root/bin; cp $(command -v busybox) \(scratch)/root/bin/sh
                    tar -C \(scratch)/root -cf \(scratch)/tar .
                    umask \(umask); $MYDOCKER import \(scratch)/tar cumask >/dev/null
                    $MYDOCKER run --rm --net none -u 1000 cumask /bin/sh -c 'echo on'
                    $MYDOCKER rmi cumask >/dev/null
                    """)
                #expect(imported.lines == ["on"], "\(imported.error)")
            }
        }

        /// Nobody else reads or writes our stores, and the file of the caller's own follows the caller's umask.
        @Test func S11_modesOfOurFiles() throws {
            try withScratch { scratch in
                let outcome = Host.elsewhere(
                    """
                    umask 000
                    $MYDOCKER run -d --net none --name modes --cidfile \(scratch)/open sleep 1000 >/dev/null
                    find /var/lib/mydocker /run/mydocker -mindepth 1 -perm /022 ! -type l ! -perm -1000 -printf '%m %p\\n' |
                      grep -v /upper/
                    stat -c %a /run/mydocker /run/mydocker/containers /var/lib/mydocker/containers /var/lib/mydocker/images
                    umask 077; $MYDOCKER run --rm --net none --cidfile \(scratch)/closed true
                    stat -c %a \(scratch)/open \(scratch)/closed
                    $MYDOCKER rm -f modes >/dev/null
                    """)
                #expect(outcome.lines == ["700", "700", "700", "700", "666", "600"], "\(outcome.error)")
            }
        }

        // MARK: - S15

        /// Somebody else's priorities, scores, limits, masks and capabilities.
        private static let hostile = """
            trap '' HUP USR1 TERM PIPE
            echo 700 >/proc/self/oom_score_adj
            ulimit -S -c unlimited; ulimit -S -f 1000000; ulimit -S -n 100; ulimit -S -s 1024; ulimit -S -u 3000
            umask 077
            caller="nice -n 10 chrt --batch 0 taskset -c 0 ionice -c 3 setarch -R"
            caller+=" setpriv --inh-caps +sys_admin --ambient-caps +sys_admin"

            """
        private static let attributes = """
            grep -E '^(Sig[BIC]|Cap|Cpus_allowed:|THP)' /proc/self/status; cat /proc/self/limits /proc/self/oom_score_adj
            cat /proc/self/personality /proc/self/timerslack_ns; cut -d' ' -f18,19,40,41 /proc/self/stat; umask
            """

        @Test func S15_nothingOfTheCallersProcessGetsIn() throws {
            let plain = runOnce("sh", "-c", Self.attributes)
            #expect(plain.lines.count > 25 && plain.lines.contains("0022"), "\(plain.error)")
            for line in [
                "SigIgn:\t0000000000000000", "CapInh:\t0000000000000000", "CapAmb:\t0000000000000000", "20 0 0 0",
            ] {
                #expect(plain.lines.contains(line))
            }
            let program = "sh -c \"$attributes\""
            for command in ["run --rm --net none", "run --rm --net none --init"] {
                let inside = Host.run(
                    ["bash", "-c", Self.hostile + "$caller $MYDOCKER \(command) \(program)"],
                    environment: ["MYDOCKER": Host.mydocker, "attributes": Self.attributes])
                #expect(inside.text == plain.text, "\(command): \(inside.error)")
            }
            try withContainer("chostile", "sleep", "1000") { _ in
                let inside = Host.run(
                    ["bash", "-c", Self.hostile + "$caller $MYDOCKER exec chostile \(program)"],
                    environment: ["MYDOCKER": Host.mydocker, "attributes": Self.attributes])
                #expect(inside.text == plain.text, "\(inside.error)")
            }
        }

        /// Process 1 of --init, as the host sees it.
        /// Swift's runtime would run what SWIFT_BACKTRACE names when mydocker crashes.
        @Test func S15_theEnvironmentNamesNoProgramToRun() throws {
            try withScratch { directory in
                let outcome = Host.shell(
                    """
                    printf '#!/bin/sh\n: >\(directory)/mark\n' >\(directory)/script
                    chmod 755 \(directory)/script
                    SWIFT_BACKTRACE=enable=yes,swift-backtrace=\(directory)/script \
                        $MYDOCKER run --rm --name crashes --net none sh -c 'echo x; sleep 1000' >\(directory)/output &
                    until [ -s \(directory)/output ]; do sleep 0.01; done
                    kill -SEGV $!
                    wait $!
                    echo $?
                    until ! $MYDOCKER inspect crashes >/dev/null 2>&1; do sleep 0.01; done
                    ls \(directory)
                    """)
                #expect(outcome.text == "139\noutput\nscript\n", "\(outcome.text)\(outcome.error)")
            }
        }

        @Test func S15_processOneOfInit() throws {
            let outcome = Host.shell(
                Self.hostile + """
                    $caller $MYDOCKER run -d --init --net none --name chostile sleep 1000 >/dev/null
                    pid=$($MYDOCKER inspect -f '{{.State.Pid}}' chostile)
                    cat /proc/$pid/oom_score_adj; cut -d' ' -f19,41 /proc/$pid/stat
                    grep -E '^(Cap(Inh|Amb)|SigIgn)' /proc/$pid/status | sort; sed -n 's/Max open files *//p; s/Max core file size *//p' /proc/$pid/limits | cut -d' ' -f1
                    $MYDOCKER rm -f chostile >/dev/null
                    """)
            #expect(
                outcome.lines == [
                    "0", "0 0", "CapAmb:\t0000000000000000", "CapInh:\t0000000000000000", "SigIgn:\t0000000000000000",
                    "0",
                    "1024",
                ], "\(outcome.error)")
        }

        /// Capabilities that the caller can hand on are not handed on (CVE-2022-24769), nor are they in exec.
        @Test func CVE_2022_27650_noCapabilityIsInherited() throws {
            let sets = "grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status"
            let caller = "setpriv --inh-caps +sys_admin,+net_admin --ambient-caps +sys_admin,+net_admin $MYDOCKER"
            let none = ["CapInh", "CapPrm", "CapEff", "CapAmb"].map { "\($0):\t0000000000000000" }
            let run = Host.shell("\(caller) run --rm --net none -u 1000 sh -c \"\(sets)\"")
            #expect(run.lines == none, "\(run.error)")
            try withContainer("cinherit", "sleep", "1000") { _ in
                let exec = Host.shell("\(caller) exec -u 1000 cinherit sh -c \"\(sets)\"")
                #expect(exec.lines == none, "\(exec.error)")
            }
        }

        /// `--ulimit` has the last word.
        @Test func S15_askedLimitsWin() {
            let outcome = Host.shell(
                "ulimit -S -n 100; $MYDOCKER run --rm --net none --ulimit nofile=77:99 --ulimit core=2560 sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'"
            )
            #expect(outcome.lines == ["77", "99", "5"], "\(outcome.error)")
        }

        // MARK: - Descriptors

        /// A command that is killed leaves nobody behind who keeps the caller's pipes open.
        @Test func theGuardianKeepsNoDescriptorOfTheCallers() throws {
            let outcome = Host.shell(
                """
                exec 7</etc/passwd 8>/dev/full
                $MYDOCKER run --rm --net none --name cguarded sleep 1000 </dev/null >/dev/null 2>&1 &
                until [ "$($MYDOCKER inspect -f '{{.State.Status}}' cguarded 2>/dev/null)" = running ]; do :; done
                guardian=$(pgrep -x mydocker | while read -r pid; do
                  grep -q '^mydocker: guardian' /proc/$pid/cmdline && echo $pid; done)
                for number in $(ls /proc/$guardian/fd | sort -n); do readlink /proc/$guardian/fd/$number; done | sed 's/socket:.*/its own/'
                $MYDOCKER rm -f cguarded >/dev/null
                """)
            #expect(outcome.lines == ["/dev/null", "/dev/null", "/dev/null", "its own"], "\(outcome.error)")
        }

        // MARK: - S19

        /// The list of fault points is a new file, or the command does nothing.
        @Test func S19_theListOfFaultPointsIsANewFile() throws {
            try withScratch { scratch in
                let run = "MYDOCKER_FAULT_LIST=\(scratch)/list $MYDOCKER run --rm --net none true"
                #expect(Host.shell("echo old >\(scratch)/list; \(run)").code == 125)
                #expect(Host.read("\(scratch)/list") == "old")
                #expect(Host.shell("rm \(scratch)/list; ln -s \(scratch)/target \(scratch)/list; \(run)").code == 125)
                #expect(!FileManager.default.fileExists(atPath: "\(scratch)/target"))
                let refused = Host.shell(run)
                #expect(
                    refused.error.contains("mydocker: create MYDOCKER_FAULT_LIST \"\(scratch)/list\": File exists\n"))
                #expect(Host.shell("rm \(scratch)/list; \(run)").code == 0)
                #expect(Host.read("\(scratch)/list").hasPrefix("1 "))
            }
        }

        /// Somebody who has fewer rights than a program does not tell it where to fail and what to write.
        @Test func S19_faultsAreNotForAProgramWithMoreRights() throws {
            try withScratch { scratch in
                let outcome = Host.shell(
                    """
                    chmod 755 $(dirname \(scratch)) \(scratch); mkdir -m 777 \(scratch)/open
                    install -m 4755 $MYDOCKER \(scratch)/mydocker
                    export MYDOCKER_FAULT_LIST=\(scratch)/open/list MYDOCKER_FAULT=error@1
                    setpriv --reuid 1000 --clear-groups \(scratch)/mydocker run --rm --net none echo on
                    ls \(scratch)/open
                    """)
                #expect(outcome.lines == ["on"], "\(outcome.error)")
            }
        }
    }
}
