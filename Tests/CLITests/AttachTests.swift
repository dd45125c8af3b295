import Foundation
import Testing

extension CLI {
    /// `attach`: several at once, each with its own pace, and none of them the container's.
    @Suite struct Attach {
        init() { #expect(Host.hasDefaultImage) }

        private func attach(
            _ name: String, _ flags: [String] = [], hasInput: Bool = false
        ) throws -> Background {
            try Background([Host.mydocker, "attach"] + flags + [name], hasInput: hasInput)
        }

        private func waitUntilAttached(_ clients: Background...) {
            for client in clients { waitUntilAttached(client.pid) }
        }

        private func waitUntilAttached(_ pid: Int32) {
            Host.eventually("client \(pid) is attached") {
                // It reads the supervisor's pipe without blocking, once that has answered.
                Host.shell("grep -q '^flags:.*02004000$' /proc/\(pid)/fdinfo/*").code == 0
            }
        }

        /// Prints the lines that are written to a file in it, and ends with `end N`.
        private static let speaker =
            "mkfifo /say; exec 3<>/say; echo before; while read word code <&3; do [ $word = end ] && exit $code; echo $word; echo $word >&2; done"

        private func say(_ name: String, _ line: String) {
            let outcome = mydocker("exec", name, "sh", "-c", "echo \(line) >/say")
            // What ends the container may end this too.
            #expect(outcome.code == 0 || line.hasPrefix("end") && outcome.code == 137, "\(outcome.error)")
        }

        @Test func twoClientsGetWhatIsWrittenFromThenOn() throws {
            try Ledger.expectUnchanged {
                try withContainer("attachtwo", "sh", "-c", Self.speaker) { _ in
                    waitForLog("attachtwo", "before")
                    let (first, second) = (try attach("attachtwo"), try attach("attachtwo", ["--no-stdin"]))
                    waitUntilAttached(first, second)
                    say("attachtwo", "hello")
                    for client in [first, second] { client.expect("hello") }
                    say("attachtwo", "end 9")
                    for client in [first, second] {
                        #expect(client.end() == 9, "the container's exit code")
                        #expect(client.text == "hello\n", "nothing from before")
                        #expect(client.errorText == "hello\n")
                    }
                    #expect(inspect("{{.State.Status}}", "attachtwo") == "exited", "it is over for everybody")
                    #expect(mydocker("logs", "attachtwo").text == "before\nhello\n")
                }
            }
        }

        @Test func inputComesFromEveryClient() throws {
            try Ledger.expectUnchanged {
                try withContainer(
                    "attachin", "-i", "sh", "-c", "while read x; do echo got $x; [ $x = over ] && exit 3; done"
                ) { _ in
                    let whole = succeed("inspect", "attachin").text
                    #expect(whole.contains("\"OpenStdin\": true"))
                    let (first, second) = (
                        try attach("attachin", hasInput: true), try attach("attachin", hasInput: true)
                    )
                    first.write("one\n")
                    first.expect("got one")
                    // The end of one client's input is not the end of the program's.
                    first.closeInput()
                    second.write("two\n")
                    first.expect("got two")
                    let silent = try attach("attachin", ["--no-stdin"], hasInput: true)
                    silent.write("three\n")
                    second.write("over\n")
                    for client in [first, second] { #expect(client.end() == 3) }
                    _ = silent.end()
                    #expect(!mydocker("logs", "attachin").text.contains("three"))
                }
            }
        }

        /// What was not read of a client's input is left to whoever reads there next.
        @Test func aContainerWithoutInputTakesNone() throws {
            try withContainer("attachnoin", "sh", "-c", "sleep 0.5; echo out") { _ in
                let outcome = Host.shell("printf 'a\\nb\\n' | ($MYDOCKER attach attachnoin; cat)")
                #expect(outcome.text == "out\na\nb\n")
            }
        }

        @Test func aTerminalIsSharedAndLeftByKeys() throws {
            try Ledger.expectUnchanged {
                try withContainer("attachtty", "-it", "-e", "PS1=$ ", "sh") { _ in
                    let session = try TerminalSession([Host.mydocker, "attach", "attachtty"], rows: 33, columns: 77)
                    waitUntilRaw(session)
                    session.type("stty size\n")
                    session.expect("33 77")
                    session.resize(rows: 44, columns: 99)
                    session.type("sleep 0.2; stty size\n")
                    session.expect("44 99")
                    let other = try attach("attachtty")
                    waitUntilAttached(other)
                    session.type("echo $((6*7))\n")
                    other.expect("42")
                    // Something else than the keys goes through.
                    session.type("echo go; cat -v\n")
                    session.expect("go\r\n")
                    usleep(300_000)
                    session.type("\u{10}x\n")
                    session.expect("^Px\r\n^Px\r\n")
                    session.type("\u{3}\u{10}\u{11}")
                    #expect(session.end() == 0)
                    #expect(!isRaw(session), "the caller's terminal is as it was")
                    #expect(inspect("{{.State.Running}}", "attachtty") == "true")
                    #expect(other.isRunning)
                    let keys = try TerminalSession([Host.mydocker, "attach", "--detach-keys", "a,b", "attachtty"])
                    waitUntilRaw(keys)
                    keys.type("aab")
                    #expect(keys.end() == 0)
                    let last = try TerminalSession([Host.mydocker, "attach", "attachtty"])
                    waitUntilRaw(last)
                    last.type("\u{3}")
                    usleep(300_000)
                    last.type("exit 5\n")
                    #expect(last.end() == 5)
                    #expect(other.end() == 5)
                }
            }
        }

        /// A shell that comes back to its terminal finds it as it was.
        @Test func aKilledClientsTerminalIsPutRight() throws {
            try withContainer("attachkill", "-it", "sh") { _ in
                let session = try TerminalSession([Host.mydocker, "attach", "attachkill"])
                waitUntilRaw(session)
                let client = try #require(Self.client(of: "attachkill"))
                kill(client, SIGKILL)
                Host.eventually("settings as before") { !isRaw(session) }
                #expect(inspect("{{.State.Running}}", "attachkill") == "true")
                _ = session.end()
            }
        }

        private func isRaw(_ session: TerminalSession) -> Bool { session.settings[2] & UInt32(ICANON) == 0 }

        private func waitUntilRaw(_ session: TerminalSession) {
            Host.eventually("raw mode") { isRaw(session) }
        }

        private static func client(of name: String) -> Int32? {
            let found = Host.shell("pgrep -f '^mydocker attach$' || pgrep -x -f 'mydocker attach'")
            return found.lines.last.flatMap { Int32($0) }
        }

        @Test func wrongKeysAreRefused() throws {
            try withContainer("attachkeys", "-it", "sh") { _ in
                let outcome = mydocker("attach", "--detach-keys", "ctrl-?", "attachkeys")
                #expect(outcome.code == 125)
                #expect(outcome.error.contains("Invalid detach keys (ctrl-?) provided"))
            }
        }

        /// One client does not read at all; the container goes on, and the others get every byte.
        @Test func aClientThatStallsIsLetGo() throws {
            try Ledger.expectUnchanged {
                // Not over before the `exec` is that lets it go on.
                let script = "mkfifo /go; read x </go; seq 1000000; read x </go; sleep 0.5; echo over"
                try withContainer("attachslow", "sh", "-c", script) { _ in
                    let stalled = try Background([
                        "/bin/sh", "-c", "{ \(Host.mydocker) attach attachslow; echo $? >&2; } | { sleep 9; wc -c; }",
                    ])
                    let good = try Background([
                        "/bin/sh", "-c", "\(Host.mydocker) attach attachslow | sha256sum",
                    ])
                    Host.eventually("two clients") { Host.shell("pgrep -c -x -f 'mydocker attach'").word == "2" }
                    usleep(300_000)
                    succeed("exec", "attachslow", "sh", "-c", "echo >/go")
                    stalled.expect("mydocker logs attachslow", inErrors: true)
                    succeed("exec", "attachslow", "sh", "-c", "echo >/go")
                    #expect(succeed("wait", "attachslow").word == "0")
                    #expect(good.end() == 0)
                    let whole = Host.shell("{ seq 1000000; echo over; } | sha256sum").word
                    #expect(good.text.trimmingCharacters(in: .whitespacesAndNewlines) == whole)
                    _ = stalled.end()
                    #expect(stalled.errorText.hasSuffix("\n1\n"), "\(stalled.errorText)")
                    #expect((Int(stalled.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 0)
                }
            }
        }

        /// The program waits for one that reads again in a while.
        @Test func aClientThatPausesGetsEverything() throws {
            try Ledger.expectUnchanged {
                try withContainer("attachlate", "sh", "-c", "mkfifo /go; read x </go; seq 500000; exit 6") { _ in
                    let late = try Background([
                        "/bin/sh", "-c",
                        "{ \(Host.mydocker) attach attachlate; echo $? >&2; } | { sleep 2; sha256sum; }",
                    ])
                    Host.eventually("attached") { Host.shell("pgrep -c -x -f 'mydocker attach'").word == "1" }
                    usleep(300_000)
                    succeed("exec", "attachlate", "sh", "-c", "echo >/go")
                    #expect(late.end() == 0)
                    #expect(late.errorText == "6\n")
                    #expect(late.text == Host.shell("seq 500000 | sha256sum").text)
                }
            }
        }

        /// A signal that the program never gets is for the command.
        @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT]) func aSignalThatTheProgramIgnores(_ signal: Int32) throws {
            try Ledger.expectUnchanged {
                try withContainer("attachdeaf", "sleep", "1000") { _ in
                    let client = try attach("attachdeaf")
                    waitUntilAttached(client)
                    kill(client.pid, signal)
                    #expect(client.end() == 128 + signal)
                    #expect(inspect("{{.State.Status}}", "attachdeaf") == "running")
                    succeed("restart", "-t", "0", "attachdeaf")
                }
            }
        }

        @Test func aKilledClientChangesNothing() throws {
            try Ledger.expectUnchanged {
                try withContainer("attachdead", "-i", "sh", "-c", Self.speaker) { _ in
                    waitForLog("attachdead", "before")
                    let (victim, other) = (try attach("attachdead", hasInput: true), try attach("attachdead"))
                    waitUntilAttached(victim, other)
                    kill(victim.pid, SIGKILL)
                    #expect(victim.end() == 137)
                    for word in ["a", "b", "c"] { say("attachdead", word) }
                    other.expect("c")
                    say("attachdead", "end 0")
                    #expect(other.end() == 0)
                    #expect(other.text == "a\nb\nc\n")
                }
            }
        }

        @Test func itEndsWithTheRoundThatItBeganIn() throws {
            try Ledger.expectUnchanged {
                try withContainer("attachrounds", "--restart", "always", "sh", "-c", Self.speaker) { _ in
                    waitForLog("attachrounds", "before")
                    let client = try attach("attachrounds")
                    waitUntilAttached(client)
                    say("attachrounds", "word")
                    client.expect("word")
                    say("attachrounds", "end 6")
                    #expect(client.end() == 6)
                    #expect(client.text == "word\n")
                    Host.eventually("the next round") {
                        inspect("{{.RestartCount}} {{.State.Running}} {{.State.Restarting}}", "attachrounds")
                            == "1 true false"
                    }
                    // In the next one there is another client.
                    let second = try attach("attachrounds")
                    waitUntilAttached(second)
                    say("attachrounds", "again")
                    second.expect("again")
                    say("attachrounds", "end 7")
                    #expect(second.end() == 7)
                }
            }
        }

        @Test func whatIsNotRunningIsRefused() throws {
            try withContainer("attachoff", "true") { _ in
                succeed("wait", "attachoff")
                let stopped = mydocker("attach", "attachoff")
                #expect(stopped.code == 1)
                #expect(stopped.error == "mydocker: You cannot attach to a stopped container, start it first\n")
            }
            try withContainer("attachrest", "--restart", "always", "false") { _ in
                Host.eventually("a long rest") {
                    inspect("{{.State.Restarting}} {{.RestartCount}}", "attachrest") == "true 3"
                }
                let resting = mydocker("attach", "attachrest")
                #expect(resting.code == 1)
                #expect(
                    resting.error
                        == "mydocker: You cannot attach to a restarting container, wait until it is running\n")
            }
            #expect(mydocker("attach", "attachnone").error == "mydocker: No such container: attachnone\n")
        }

        @Test func signalsAreTheProgramsUnlessTheyAreNot() throws {
            try Ledger.expectUnchanged {
                let script =
                    "trap 'echo TERM' TERM; trap 'echo HUP; exit 4' HUP; echo ready; while :; do sleep 0.05; done"
                try withContainer("attachsig", "sh", "-c", script) { _ in
                    waitForLog("attachsig", "ready")
                    let client = try attach("attachsig")
                    let own = try attach("attachsig", ["--sig-proxy=false"])
                    waitUntilAttached(client, own)
                    kill(own.pid, SIGTERM)
                    #expect(own.end() == 143, "it ends alone")
                    kill(client.pid, SIGTERM)
                    client.expect("TERM")
                    #expect(inspect("{{.State.Running}}", "attachsig") == "true")
                    kill(client.pid, SIGHUP)
                    #expect(client.end() == 4)
                    #expect(client.text == "TERM\nHUP\n")
                }
            }
        }

        /// In a plain pipeline.
        @Test func aReaderThatGoesEndsTheClientAlone() throws {
            try withContainer("attachhead", "sh", "-c", "while :; do echo y; sleep 0.01; done") { _ in
                let outcome = Host.shell("$MYDOCKER attach attachhead | head -n 2; echo ${PIPESTATUS[0]}", seconds: 20)
                #expect(outcome.text == "y\ny\n141\n")
                #expect(inspect("{{.State.Running}}", "attachhead") == "true")
            }
        }

        @Test func aKilledSupervisorEndsItsClients() throws {
            try Ledger.expectUnchanged {
                try withContainer("attachlost", "sleep", "1000") { _ in
                    let client = try attach("attachlost")
                    waitUntilAttached(client)
                    let supervisor = Int32(try Host.supervisor(of: "attachlost"))
                    kill(supervisor, SIGKILL)
                    #expect(client.end() == 137)
                }
            }
        }

        /// A foreground container is shown to others too, and its own caller does not wait for them.
        @Test func aForegroundContainerIsAttachedTo() throws {
            try Ledger.expectUnchanged {
                let run = try Background([
                    Host.mydocker, "run", "--rm", "--net", "none", "--name", "attachfore", "sh", "-c", Self.speaker,
                ])
                run.expect("before")
                let client = try attach("attachfore")
                waitUntilAttached(client)
                say("attachfore", "word")
                client.expect("word")
                say("attachfore", "end 8")
                #expect(run.end() == 8)
                #expect(client.end() == 8)
                #expect(client.text == "word\n")
            }
        }

        /// The copy of the command that goes on in the background serves as the command did.
        @Test func aContainerThatHasMovedToTheBackgroundIsAttachedTo() throws {
            try Ledger.expectUnchanged {
                // It closes what it is left with, and a shell does not: by that its end is seen here.
                let line = "\(Host.mydocker) run --restart always --net none --name attachmove sh -c '\(Self.speaker)'"
                let run = try Background(["/bin/sh", "-c", "\(line); exit $?"])
                run.expect("before")
                let client = try attach("attachmove")
                waitUntilAttached(client)
                say("attachmove", "end 2")
                #expect(client.end() == 2)
                #expect(run.end() == 2)
                Host.eventually("the next round") {
                    inspect("{{.RestartCount}} {{.State.Running}} {{.State.Restarting}}", "attachmove")
                        == "1 true false"
                }
                let second = try attach("attachmove")
                waitUntilAttached(second)
                say("attachmove", "word")
                second.expect("word")
                succeed("stop", "-t", "0", "attachmove")
                #expect(second.end() == 137)
                succeed("rm", "attachmove")
            }
        }
    }
}

extension Background {
    /// Waits for words on standard error.
    fileprivate func expect(
        _ wanted: String, inErrors: Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        Host.eventually("error \(wanted)", sourceLocation: sourceLocation) { errorText.contains(wanted) }
    }
}
