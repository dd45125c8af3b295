import Foundation
import Testing

extension CLI {
    /// What a run that is killed had is there for the next one at once.
    @Suite(.serialized) struct KilledRuns {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }
    }
}

extension CLI.KilledRuns {
    private func isRunning(_ command: Background) -> Bool { ![nil, "Z"].contains(Host.state(of: Int(command.pid))) }

    /// The guardian cannot take the rules away yet, and so has still got all of it.
    @Test func whatIsBeingClearedAwayIsWaitedFor() throws {
        let network = try TestNetwork("ckr", "10.201.132.1/24")
        defer { network.remove() }
        succeed("run", "--rm", "--net", "ckr", "-p", "20240:80", "true")
        let flags = ["--rm", "--name", "ckr1", "--net", "ckr", "--ip", "10.201.132.9", "-p", "20240:80"]
        try Ledger.expectUnchanged {
            let first = try Background(
                [Host.mydocker, "run"] + flags + ["echo; exec sleep 1000"].flatMap { ["sh", "-c", $0] })
            first.expect("\n")
            let holder = try Background(["/usr/bin/flock", "--no-fork", "/run/xtables.lock", "/bin/sleep", "1000"])
            Host.wait { Host.run(["flock", "--nonblock", "/run/xtables.lock", "true"]).code != 0 }
            kill(first.pid, SIGKILL)
            _ = first.end()
            let second = try Background([Host.mydocker, "run"] + flags + ["echo", "second"])
            usleep(300_000)
            #expect(isRunning(second), "\(second.errorText)")
            kill(holder.pid, SIGKILL)
            _ = holder.end()
            #expect(second.end() == 0 && second.text == "second\n" && second.errorText == "", "\(second.errorText)")
        }
    }

    /// A signal is sent, not yet carried out: who asks at once finds the killed process still there.
    @Test func aNameIsFreeRightBehindTheKill() {
        Ledger.expectUnchanged {
            let outcome = Host.shell(
                """
                for round in 1 2 3 4 5 6 7 8 9 10; do
                  id=$($MYDOCKER run -d --rm --name ckr4 --net none sleep 1000) || echo refused
                  kill -KILL $(jq .supervisor /run/mydocker/containers/$id/state.json)
                done
                $MYDOCKER run --rm --name ckr4 --net none true || echo refused
                for round in 1 2 3 4 5 6 7 8 9 10; do
                  $MYDOCKER run --rm --name ckr5 --net none sleep 1000 2>/dev/null & run=$!
                  until [ "$($MYDOCKER ps -q -f name=ckr5)" ]; do :; done
                  kill -KILL $run
                  $MYDOCKER run --rm --name ckr5 --net none true || echo refused
                done
                """)
            #expect(outcome.text == "", "\(outcome.error)")
        }
    }

    /// One that lives keeps its name, and that is said at once.
    @Test func aLivingRunIsNotWaitedFor() throws {
        try withContainer("ckr2", "sleep", "1000") { _ in
            let outcome = mydocker("run", "--rm", "--name", "ckr2", "--net", "none", "true", seconds: 5)
            #expect(outcome.code == 125 && outcome.error.contains("Conflict"), "\(outcome.error)")
        }
    }

    /// Killed between the lease and the record of it.
    @Test func anAddressThatWasNotRecordedIsFreed() throws {
        let network = try TestNetwork("ckr", "10.201.132.1/24")
        defer { network.remove() }
        let flags = ["--rm", "--net", "ckr", "--ip", "10.201.132.9"]
        let list = "\(NSTemporaryDirectory())/points.\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: list) }
        // The first run makes the address pool.
        for environment in [[:], ["MYDOCKER_FAULT_LIST": list]] {
            #expect(Host.run([Host.mydocker, "run"] + flags + ["true"], environment: environment).code == 0)
        }
        // The first record of the state has no address in it.
        let records = Host.read(list).split(separator: "\n").filter {
            $0.contains(" replace ") && $0.contains("state.json")
        }
        let point = try #require(records.dropFirst().first?.split(separator: " ").first)
        let names = { (try? FileManager.default.contentsOfDirectory(atPath: "/var/lib/mydocker/names")) ?? [] }
        let before = names()
        let killed = Host.run(
            [Host.mydocker, "run"] + flags + ["true"], environment: ["MYDOCKER_FAULT": "kill@\(point)"])
        #expect(killed.code == 137)
        Host.wait { names() == before }
        #expect(!mydocker("system", "check").text.contains("10.201.132.9"))
    }
}
