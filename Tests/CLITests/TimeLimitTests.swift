import Foundation
import Testing

extension CLI {
    /// Ends by time, names that are taken over, and what may be missing or there already.
    @Suite(.serialized) struct TimeLimits {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.TimeLimits {
    @Test func aContainerThatRunsTooLongIsKilled() {
        Ledger.expectUnchanged {
            let late = mydocker(
                "run", "--net", "none", "--name", "tilate", "--timeout", "1", "sh", "-c", "trap '' TERM; sleep 1000",
                seconds: 10)
            #expect(late.code == 255, "\(late)")
            #expect(inspect("{{.State.ExitCode}} {{.State.Error}}", "tilate") == "255 it ran for longer than 1 s")
            succeed("rm", "tilate")
            #expect(
                mydocker("run", "--rm", "--net", "none", "--timeout", "5", "sh", "-c", "exit 3", seconds: 4).code == 3)
            succeed("run", "-d", "--net", "none", "--name", "tiback", "--timeout", "1", "sleep", "1000")
            succeed("pause", "tiback")
            #expect(mydocker("wait", "tiback", seconds: 10).text == "255\n")
            succeed("rm", "tiback")
        }
    }

    /// Each round has its own time.
    @Test func withARestartPolicy() {
        Ledger.expectUnchanged {
            succeed(
                "run", "-d", "--net", "none", "--name", "tiagain", "--restart", "always", "--timeout", "1", "sleep",
                "1000")
            Host.eventually("second round", seconds: 10) { inspect("{{.RestartCount}}", "tiagain") == "2" }
            succeed("rm", "-f", "tiagain")
        }
    }

    @Test func replacing() {
        Ledger.expectUnchanged {
            let first = succeed("run", "-d", "--net", "none", "--name", "tisame", "--replace", "sleep", "1000").word
            let second = succeed("run", "-d", "--net", "none", "--name", "tisame", "--replace", "sh", "-c", "exit 0")
                .word
            #expect(first != second && inspect("{{.Id}}", "tisame") == second)
            #expect(mydocker("inspect", first).code == 1)
            succeed("wait", "tisame")
            // What cannot be made leaves the one that is there.
            #expect(mydocker("run", "-d", "--name", "tisame", "--replace", "nosuch:1", "true").code == 125)
            #expect(inspect("{{.Id}}", "tisame") == second)
            let third = succeed("create", "--net", "none", "--name", "tisame", "--replace", "true").word
            #expect(inspect("{{.Id}} {{.State.Status}}", "tisame") == "\(third) created")
            succeed("run", "--rm", "--net", "none", "--name", "tisame", "--replace", "true")
            #expect(mydocker("inspect", "tisame").code == 1)
        }
    }

    @Test func removingWhatIsNotThere() {
        let forced = mydocker("rm", "-f", "tinone")
        #expect(forced.code == 0 && forced.text == "" && forced.error == "mydocker: No such container: tinone\n")
        for flag in ["--if-exists", "--ignore", "-i"] {
            let ignored = mydocker("rm", flag, "tinone")
            #expect(ignored.code == 0 && ignored.text == "" && ignored.error == "", "\(flag)")
        }
        #expect(mydocker("rm", "tinone").code == 1)
        #expect(mydocker("rm", "-i", "").code == 1)
    }

    @Test func aNetworkThatIsThere() {
        Ledger.expectUnchanged {
            let id = succeed("network", "create", "--subnet", "10.88.3.0/24", "--label", "a=1", "tinet").word
            defer { succeed("network", "rm", "tinet") }
            let same = mydocker("network", "create", "--ignore", "--subnet", "10.88.3.1/24", "--label", "a=1", "tinet")
            #expect(same.code == 0 && same.word == id && same.error == "", "\(same)")
            let plain = mydocker("network", "create", "--ignore", "tinet")
            #expect(plain.word == id && plain.error == "")
            let other = mydocker(
                "network", "create", "--ignore", "--subnet", "10.88.4.0/24", "--internal", "--label", "a=2", "-o",
                "mtu=1400", "tinet")
            #expect(other.code == 0 && other.word == id)
            for difference in [
                "subnet is 10.88.3.0/24, not 10.88.4.0/24", "internal is false, not true",
                "label a is \"1\", not \"2\"",
                "mtu is that of the default route, not 1400",
            ] { #expect(other.error.contains(difference), "\(other.error)") }
            #expect(mydocker("network", "create", "tinet").code == 1)
            let made = succeed("network", "create", "--ignore", "tinew")
            #expect(made.word.count == 64)
            succeed("network", "rm", "tinew")
        }
    }
}
