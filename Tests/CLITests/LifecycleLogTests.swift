import Foundation
import Testing

// MARK: - logs

extension CLI.Streams {
    @Test func B85_logsShowBothStreamsEachOnItsOwn() throws {
        let script = "echo one; echo two >&2; echo three; printf partial"
        try withContainer("lflog", "sh", "-c", script) { _ in
            #expect(mydocker("wait", "lflog").word == "0")
            let outcome = succeed("logs", "lflog")
            #expect(outcome.text == "one\nthree\npartial")
            #expect(outcome.error == "two\n")
        }
        // What ran in the foreground is recorded likewise.
        let run = mydocker("run", "--net", "none", "--name", "lflogfg", "sh", "-c", script)
        defer { succeed("rm", "lflogfg") }
        #expect(run.text == "one\nthree\npartial" && run.error == "two\n")
        let outcome = succeed("logs", "lflogfg")
        #expect(outcome.text == run.text)
        #expect(outcome.error == run.error)
    }

    @Test func logsOfOneThatStillWritesALine() throws {
        try withContainer("lfpartial", "sh", "-c", "echo whole; printf part; exec sleep 1000") { _ in
            waitForLog("lfpartial", "whole")
            succeed("stop", "-t", "0", "lfpartial")
            #expect(succeed("logs", "lfpartial").text == "whole\npart")
            #expect(succeed("logs", "--tail", "1", "lfpartial").text == "part")
        }
    }

    @Test func B85_tailAndTimestamps() throws {
        try withContainer("lftail", "sh", "-c", "for i in $(seq 100); do echo line $i; done") { _ in
            succeed("wait", "lftail")
            #expect(succeed("logs", "--tail", "3", "lftail").lines == ["line 98", "line 99", "line 100"])
            #expect(succeed("logs", "--tail=0", "lftail").text == "")
            #expect(succeed("logs", "-n", "1", "lftail").text == "line 100\n")
            let all = (1...100).map { "line \($0)" }
            for words in [["lftail"], ["--tail", "all", "lftail"], ["lftail", "--tail", "1000"]] {
                #expect(Host.run([Host.mydocker, "logs"] + words).lines == all)
            }
            let stamped = succeed("logs", "-t", "lftail").lines
            #expect(stamped.count == 100)
            #expect(zip(stamped, all).allSatisfy { $0.hasSuffix(" " + $1) })
            let format = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line \d+/
            #expect(stamped.allSatisfy { $0.wholeMatch(of: format) != nil }, "\(stamped.first ?? "")")
            #expect(stamped == stamped.sorted { $0.prefix(30) < $1.prefix(30) })
        }
        #expect(mydocker("logs", "--tail", "x", "lftail").code == 125)
    }

    @Test func B85_followingShowsWhatComesAndEndsWithTheContainer() throws {
        let script = "echo first; echo err >&2; while [ ! -e /go ]; do sleep 0.02; done; echo second; printf last"
        try withContainer("lffollow", "sh", "-c", script) { _ in
            waitForLog("lffollow", "first")
            let follower = try Background([Host.mydocker, "logs", "-f", "lffollow"])
            follower.expect("first\n")
            #expect(!follower.text.contains("second"))
            succeed("exec", "-d", "lffollow", "touch", "/go")
            #expect(follower.end() == 0)
            #expect(follower.text == "first\nsecond\nlast")
            #expect(follower.errorText == "err\n")
            // Of one that has ended it does not wait.
            #expect(succeed("logs", "-f", "lffollow", seconds: 10).text == "first\nsecond\nlast")
        }
    }

    @Test func aFollowerEndsWhenTheContainerIsRemoved() throws {
        let started = succeed(
            "run", "-d", "--rm", "--net", "none", "--name", "lffrm", "sh", "-c", "echo here; exec sleep 1000")
        let follower = try Background([Host.mydocker, "logs", "-f", "lffrm"])
        follower.expect("here")
        succeed("rm", "-f", started.word)
        #expect(follower.end(seconds: 10) == 0)
    }

    @Test func aLogKeepsEveryByte() throws {
        let bytes = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
        let run = mydocker("run", "-i", "--net", "none", "--name", "lfbytes", "cat", input: bytes)
        defer { succeed("rm", "lfbytes") }
        #expect(run.output == bytes)
        #expect(succeed("logs", "lfbytes").output == bytes)
    }

    @Test func logsOfNoContainer() {
        let outcome = mydocker("logs", "lfnosuch")
        #expect(outcome.code == 1)
        #expect(outcome.text == "")
        #expect(outcome.error == "mydocker: No such container: lfnosuch\n")
    }
}
