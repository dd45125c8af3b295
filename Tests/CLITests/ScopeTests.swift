import Foundation
import Testing

extension CLI {
    /// `scope run`: what a script makes is gone when it has ended, however that came about.
    @Suite struct Scopes {
        /// Makes one of everything, in every state.
        private static let makesAll = """
            set -e
            m=$MYDOCKER
            $m network create --subnet 10.201.170.0/24 scnet >/dev/null
            $m run -d --name scruns --net scnet -p 20270:80 --restart always sleep 1000 >/dev/null
            $m run --name scended --net none true
            $m create --name scwaits --net none true >/dev/null
            $m commit scended scimage:1 >/dev/null
            $m tag scimage:1 scimage:2
            $m commit scended >/dev/null
            """

        private func scope(_ script: String, name: String = "job", seconds: Double = 60) -> Outcome {
            Host.run(
                [Host.mydocker, "scope", "run", name, "--", "sh", "-c", script],
                environment: ["MYDOCKER": Host.mydocker], seconds: seconds)
        }

        private func names() -> [String] {
            succeed("ps", "-a", "--format", "{{.Names}}").lines
                + succeed("network", "ls", "--format", "{{.Name}}").lines
                + succeed("images", "--format", "{{.Repository}}:{{.Tag}}").lines
        }

        @Test func whatTheScriptHasMadeGoes() throws {
            try withContainer("scstays", "sleep", "1000") { _ in
                let before = names()
                try Ledger.expectUnchanged {
                    let outcome = scope(
                        Self.makesAll + "\n$m ps -a --format '{{.Names}}' -f label=mydocker.scope=job; exit 7")
                    #expect(outcome.code == 7 && outcome.error == "", "\(outcome.error)")
                    #expect(Set(outcome.lines) == ["scruns", "scended", "scwaits"])
                    #expect(names() == before)
                    try CheckReport.expectClean()
                }
                // What was there keeps its names, also those that the script has given it elsewhere.
                let image = succeed("inspect", "-f", "{{.Image}}", "scstays").word
                #expect(scope("$MYDOCKER tag \(image) scother:1 && $MYDOCKER stop -t 0 scstays").code == 0)
                #expect(names().sorted() == before.sorted())
            }
        }

        @Test(arguments: [false, true]) func aKilledScopeEnds(_ itsGuardianIsKilled: Bool) throws {
            let before = names()
            try Ledger.expectUnchanged {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: Host.mydocker)
                process.arguments = ["scope", "run", "job", "sh", "-c", Self.makesAll + "\necho made; exec sleep 1000"]
                process.environment = ProcessInfo.processInfo.environment.merging(["MYDOCKER": Host.mydocker]) { $1 }
                let output = Pipe()
                process.standardOutput = output
                try process.run()
                #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "made\n")
                let children = Host.run(["pgrep", "-P", "\(process.processIdentifier)"]).lines.compactMap { Int32($0) }
                #expect(children.count == 2)
                let guardian = try #require(children.first { getpgid($0) == $0 })
                let script = try #require(children.first { $0 != guardian })
                if itsGuardianIsKilled { kill(guardian, SIGKILL) }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                if itsGuardianIsKilled { succeed("network", "rm", "-f", "scnosuch") }
                Host.eventually("it has ended") { names() == before }
                Host.eventually("the script has ended") { kill(script, 0) != 0 }
            }
            try CheckReport.expectClean()
        }

        @Test func aScopeDoesNotOutliveAReboot() {
            let outcome = Host.elsewhere(
                """
                m=$MYDOCKER
                $m run -d --name stays --net none sleep 1000 >/dev/null
                cat >$MYDOCKER_SANDBOX_SCRATCH/script <<'END'
                \(Self.makesAll)
                for process in $(pgrep -P $PPID); do [ $process = $$ ] || kill -KILL $process; done
                kill -KILL $PPID
                sleep 1000
                END
                $m scope run job sh $MYDOCKER_SANDBOX_SCRATCH/script 2>/dev/null
                $m ps -a --format '{{.Names}}' | wc -l
                for state in /run/mydocker/containers/*/state.json; do kill -KILL $(jq .supervisor $state); done
                echo 11111111-2222-3333-4444-555555555555 >/run/mydocker/boot-id
                $m run --rm --net none true
                $m ps -a --format '{{.Names}}'
                $m network ls --format '{{.Name}}' | grep scnet
                $m images --format '{{.Repository}}' | grep scimage
                ls /var/lib/mydocker/scopes 2>/dev/null
                """)
            #expect(outcome.text == "4\nstays\n", "\(outcome)")
        }

        /// The images of a scope, and what runs of them, are of no scope for others.
        @Test func whatOthersHaveTakenOverStays() throws {
            let outcome = scope(
                """
                m=$MYDOCKER; export MYDOCKER_SCOPE
                $m run --name scsource --net none true
                $m commit scsource scused:1 >/dev/null
                env -u MYDOCKER_SCOPE $m run -d --name scuser --net none scused:1 sleep 1000 >/dev/null
                env -u MYDOCKER_SCOPE $m commit scsource scmade:1 >/dev/null
                """)
            #expect(outcome.code == 0 && outcome.error == "", "\(outcome.error)")
            #expect(succeed("ps", "-a", "--format", "{{.Names}}").lines == ["scuser"])
            #expect(!FileManager.default.fileExists(atPath: "/var/lib/mydocker/scopes"))
            #expect(succeed("images", "--format", "{{.Repository}}").lines.contains("scused"))
            // Nor does the label of a scope go with an image.
            succeed("run", "-d", "--name", "scother", "--net", "none", "scmade:1", "sleep", "1000")
            #expect(succeed("ps", "-aq", "-f", "label=mydocker.scope").text == "")
            #expect(scope("true").code == 0)
            #expect(succeed("ps", "-q").lines.count == 2)
            succeed("rm", "-f", "scuser", "scother")
            succeed("rmi", "scused:1", "scmade:1")
        }

        @Test func nobodyJoinsByALabel() {
            for words in [
                ["run", "--rm", "--net", "none"], ["create"], ["network", "create", "--subnet", "10.201.171.0/24"],
            ] {
                let operands = words[0] == "network" ? ["sclabel"] : ["true"]
                let outcome = Host.run([Host.mydocker] + words + ["--label", "mydocker.scope=job"] + operands)
                #expect(outcome.code == (words[0] == "run" ? 125 : 1), "\(words)")
                #expect(outcome.error.contains("it says what goes with a scope"), "\(outcome.error)")
            }
        }

        /// A command of the script's that does not end keeps nobody waiting but the scope's own end.
        @Test func aCommandThatStaysIsNoOtherCommandsConcern() throws {
            let outcome = Host.shell(
                """
                cd $(mktemp -d); mkfifo pipe; sleep 1000 >pipe & writer=$!
                timeout --foreground -s KILL 1 $MYDOCKER scope run job sh -c '$MYDOCKER import - scstuck <pipe & sleep 6'
                pkill -KILL -f 'mydocker: [g]uardian'
                time -p $MYDOCKER run --rm --net none true
                kill -KILL $writer; sleep 0.5
                $MYDOCKER run --rm --net none true; ls /var/lib/mydocker/scopes 2>/dev/null
                """)
            #expect(outcome.error.contains("a command in it does not end") && outcome.text == "", "\(outcome)")
            let seconds = outcome.error.split(separator: "\n").first { $0.hasPrefix("real") }.flatMap {
                Double($0.dropFirst(5))
            }
            #expect(seconds.map { $0 < 10 } == true, "\(outcome.error)")
        }

        @Test func whatComesTooLateIsRefused() {
            let outcome = scope("(sleep 1; $MYDOCKER run --rm --net none true; echo $?) & exit 0")
            #expect(outcome.code == 0)
            #expect(outcome.text == "125\n")
            #expect(outcome.error.hasPrefix("mydocker: scope job has ended\n  unset MYDOCKER_SCOPE"))
        }

        @Test func aNameIsOneScopes() {
            let inner = "$MYDOCKER scope run job true; echo $?; $MYDOCKER scope run other true; echo $?"
            let outcome = scope(inner)
            #expect(outcome.text == "125\n0\n")
            #expect(outcome.error.hasPrefix("mydocker: scope job is in use\n"))
        }

        @Test func theExitCodeIsTheScripts() {
            #expect(scope("kill -TERM $$").code == 143)
            for (words, code) in [(["/nosuch/program"], Int32(127)), (["/etc/passwd"], 126), (["--"], 125)] {
                #expect(Host.run([Host.mydocker, "scope", "run", "job"] + words).code == code, "\(words)")
            }
            for name in ["", "../x", "a b", ".hidden"] {
                #expect(mydocker("scope", "run", name, "true").code == 125, "\(name)")
            }
            #expect(mydocker("scope", "run", "job").code == 1)
            #expect(!FileManager.default.fileExists(atPath: "/var/lib/mydocker/scopes"))
        }

        /// What the caller gives to programs is the script's, and nothing of ours.
        @Test func theScriptIsTheCallersProgram() throws {
            let script =
                "umask; grep SigBlk /proc/self/status; grep SigIgn /proc/self/status; cat <&3; ls -l /proc/$$/fd | grep -c /run/mydocker/; ls -l /proc/$$/fd | grep -c /lib/mydocker/"
            let line = "umask 027; exec 3</etc/hostname; trap '' USR1; \(Host.mydocker) scope run job sh -c '\(script)'"
            let outcome = Host.run(["sh", "-c", line])
            let direct = Host.run(
                ["sh", "-c", "umask 027; exec 3</etc/hostname; trap '' USR1; sh -c '\(script)'"])
            #expect(outcome.text == direct.text)
        }
    }
}
