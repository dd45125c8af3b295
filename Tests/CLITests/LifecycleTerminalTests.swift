import Foundation
import Testing

extension CLI.Streams {
    @Test func aTerminalIsARealOne() throws {
        try Ledger.expectUnchanged {
            let script =
                "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; echo $TERM; ls /dev/console; echo err >&2; exit 5"
            let session = try TerminalSession(
                [Host.mydocker, "run", "--rm", "-ti", "--net", "none", "sh", "-c", script], rows: 33, columns: 77)
            #expect(session.end() == 5)
            #expect(session.text == "/dev/pts/0\r\n33 77\r\nall\r\nxterm\r\n/dev/console\r\nerr\r\n")
        }
    }

    @Test func theFirstThingAProgramSeesOfATerminalIsItsSize() throws {
        for flags in [["-t"], ["-it"], ["-t", "--init"]] {
            for _ in 0..<8 {
                let session = try TerminalSession(
                    [Host.mydocker, "run", "--rm", "--net", "none"] + flags + ["stty", "size"], rows: 41, columns: 97)
                #expect(session.end() == 0)
                #expect(
                    session.text.trimmingCharacters(in: .whitespacesAndNewlines) == "41 97",
                    "\(session.text.debugDescription)")
            }
        }
        try withContainer("lfsize", "sleep", "1000") { _ in
            for _ in 0..<8 {
                let session = try TerminalSession(
                    [Host.mydocker, "exec", "-t", "lfsize", "stty", "size"], rows: 41, columns: 97)
                #expect(session.end() == 0)
                #expect(
                    session.text.trimmingCharacters(in: .whitespacesAndNewlines) == "41 97",
                    "\(session.text.debugDescription)")
            }
        }
    }

    @Test func theTerminalFollowsTheCallersSize() throws {
        let script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.02; done"
        try withContainer("lfwinch", "sleep", "1000") { _ in
            for command in [["run", "--rm", "-it", "--net", "none"], ["exec", "-it", "lfwinch"]] {
                let session = try TerminalSession([Host.mydocker] + command + ["sh", "-c", script])
                session.expect("ready")
                session.resize(rows: 50, columns: 132)
                #expect(session.end() == 0, "\(command)")
                #expect(session.text == "ready\r\n50 132\r\n")
            }
        }
    }

    @Test func controlCGoesToTheProgram() throws {
        let script = "trap 'echo INT; exit 42' INT; echo ready; while :; do sleep 0.02; done"
        try withContainer("lfctrlc", "sleep", "1000") { _ in
            let commands = [
                ["run", "--rm", "-it", "--net", "none"], ["run", "--rm", "-it", "--init", "--net", "none"],
                ["exec", "-it", "lfctrlc"],
                // Without a terminal of its own it is the caller's that makes the signal, and it is passed on.
                ["run", "--rm", "--net", "none"], ["exec", "lfctrlc"],
            ]
            for command in commands {
                let session = try TerminalSession([Host.mydocker] + command + ["sh", "-c", script])
                session.expect("ready")
                session.type("\u{3}")
                #expect(session.end() == 42, "\(command)")
                #expect(session.text == "ready\r\n^CINT\r\n", "\(session.text.debugDescription)")
            }
        }
    }

    @Test func aShellIsUsedByHand() throws {
        let session = try TerminalSession([Host.mydocker, "run", "--rm", "-it", "--net", "none", "-e", "PS1=$ ", "sh"])
        let before = session.settings
        session.expect("$ ")
        session.type("echo $((6*7))\n")
        session.expect("42")
        session.type("sleep 1000\n")
        session.expect("sleep 1000")
        usleep(200_000)
        session.type("\u{3}")
        session.expect("^C")
        session.type("exit 9\n")
        #expect(session.end() == 9)
        #expect(session.settings == before, "the caller's terminal is as it was")
    }

    @Test func aTerminalsOutputIsOneStreamWithCarriageReturns() {
        let outcome = runOnce("-t", "sh", "-c", "echo out; echo err >&2")
        #expect(outcome.text == "out\r\nerr\r\n")
        #expect(outcome.error == "")
    }

    /// A script's `-it`: a terminal inside, whatever stands outside, and an end when the input ends.
    @Test func interactiveWithoutACallersTerminal() throws {
        let outcome = runOnce("-it", "sh", "-c", "tty; exit 6")
        #expect(outcome.code == 6)
        #expect(outcome.text == "/dev/pts/0\r\n")
        for (input, wanted) in [("data\n", "data"), ("no end of line", "no end of line"), ("", "")] {
            let read = runOnce("-it", "sh", "-c", "cat >/tmp/in; cat /tmp/in", input: Data(input.utf8), seconds: 10)
            #expect(read.code == 0, "\(input)")
            #expect(wanted.isEmpty || read.text.contains(wanted))
        }
        let shell = runOnce("-it", "sh", input: Data("echo $((6*7))\n".utf8), seconds: 10)
        #expect(shell.text.contains("42"))
        // The end is the end for everybody who reads, as it is in a pipe.
        let twice = runOnce("-it", "sh", "-c", "cat; cat; echo over", input: Data("x".utf8), seconds: 10)
        #expect(twice.text.hasSuffix("over\r\n"))
        try withContainer("lfexecit", "sleep", "1000") { _ in
            let read = succeed("exec", "-it", "lfexecit", "cat", input: Data("data\n".utf8), seconds: 10)
            #expect(read.text.contains("data"))
        }
    }

    @Test func aDetachedTerminalIsLogged() throws {
        try withContainer("lfdt", "-t", "sh", "-c", "tty; echo err >&2; exec sleep 1000") { _ in
            waitForLog("lfdt", "err")
            let outcome = mydocker("logs", "lfdt")
            #expect(outcome.text == "/dev/pts/0\r\nerr\r\n")
            #expect(outcome.error == "")
            #expect(succeed("exec", "lfdt", "sh", "-c", "ls /dev/pts").lines.contains("0"))
            #expect(succeed("exec", "-t", "lfdt", "tty").text == "/dev/pts/1\r\n")
        }
        // A shell at a terminal that nobody types at waits.
        try withContainer("lfdit", "-it", "sh") { _ in
            usleep(200_000)
            #expect(inspect("{{.State.Running}}", "lfdit") == "true")
        }
    }

    /// The devices of the terminal belong to the one who works at it.
    @Test func theTerminalBelongsToTheUser() {
        let outcome = runOnce(
            "-t", "-u", "1234:55", "sh", "-c", "stat -c '%u %a' /dev/pts/0; echo x >/dev/tty && echo written")
        #expect(outcome.text == "1234 620\r\nx\r\nwritten\r\n")
    }
}
