import Foundation
import Testing

/// Values of flags and what ends with which code, as Docker has them.
extension CLI.Inspect {
    @Test func F9_signalsByAllTheirNames() throws {
        let script = "trap 'echo 61; exit 0' 61; trap 'echo 63; exit 0' 63; echo ready; while :; do sleep 0.05; done"
        for (words, number) in [
            (["kill", "-s", "SIGRTMAX-3"], "61"), (["kill", "-s", "RTMIN+27"], "61"),
            (["kill", "-s", "rtmax-1"], "63"),
            (["stop", "-s", "63"], "63"),
        ] {
            try withContainer("insignal", "sh", "-c", script) { _ in
                waitForLog("insignal", "ready")
                succeed(words[0], words[1], words[2], "insignal")
                Host.eventually("it has ended") { inspect("{{.State.Running}}", "insignal") == "false" }
                #expect(succeed("logs", "insignal").lines.last == number, "\(words)")
            }
        }
        try withContainer("insignal2", "--stop-signal", "SIGRTMAX-3", "sh", "-c", script) { _ in
            waitForLog("insignal2", "ready")
            #expect(inspect("{{.Config.StopSignal}}", "insignal2") == "SIGRTMAX-3")
            succeed("stop", "insignal2")
            #expect(inspect("{{.State.ExitCode}}", "insignal2") == "0")
        }
    }

    /// What an image says of its stop signal is never dropped in silence.
    @Test func F9_stopSignalsOfImages() throws {
        try withScratch { scratch in
            #expect(
                Host.shell("cd \(scratch); mkdir -p r/bin; cp /bin/busybox r/bin/sh; tar -C r -cf a.tar bin").code == 0)
            succeed(
                "import", "-c", "STOPSIGNAL SIGRTMAX-3", "-c", "CMD [\"/bin/sh\", \"-c\", \"exit 0\"]",
                scratch + "/a.tar", "inssig")
            defer { succeed("rmi", "inssig") }
            succeed("run", "--net", "none", "--name", "inssig", "inssig")
            #expect(inspect("{{.Config.StopSignal}}", "inssig") == "SIGRTMAX-3")
            succeed("rm", "inssig")
            let record = Host.shell(
                "ls /var/lib/mydocker/images/images/$(basename $($MYDOCKER images -q --no-trunc inssig | cut -d: -f2)).json"
            ).word
            #expect(Host.shell("sed -i 's/SIGRTMAX-3/SIGNOPE/' \(record)").code == 0)
            Ledger.expectUnchanged {
                let refused = mydocker("run", "--rm", "--net", "none", "inssig")
                #expect(refused.code == 125)
                #expect(
                    refused.error
                        == "mydocker: the image's STOPSIGNAL \"SIGNOPE\": no such signal\n  name one with --stop-signal\n"
                )
                #expect(mydocker("run", "--rm", "--net", "none", "--stop-signal", "TERM", "inssig").code == 0)
            }
        }
    }

    @Test func F10_hostnamesThatTheKernelTakes() throws {
        let longest = String(repeating: "a", count: 64)
        for name in ["a_b", "a.", "-x", longest, "A..b"] {
            #expect(runOnce("-h", name, "cat", "/proc/sys/kernel/hostname").word == name)
            #expect(runOnce("-h", name, "cat", "/etc/hostname").word == name)
        }
        for name in [longest + "a", "a\nb", "a b"] { #expect(runOnce("-h", name, "true").code == 125) }
    }

    @Test func F14_emptyValuesAreNotGiven() throws {
        Ledger.expectUnchanged {
            let outcome = runOnce(
                "--name", "", "-w", "", "-h", "", "--ip", "", "--mac-address", "", "--cpuset-cpus", "", "--stop-signal",
                "",
                "--cidfile", "", "--log-driver", "", "-u", "", "--restart", "", "pwd")
            #expect(outcome.code == 0 && outcome.text == "/\n", "\(outcome.error)")
        }
        try withContainer("insempty", "sleep", "1000") { _ in
            #expect(succeed("exec", "-w", "", "-u", "", "insempty", "pwd").text == "/\n")
        }
    }

    /// F16: a failure of ours cannot be taken for the program's own 1.
    @Test func F16_codesOfAnExecThatCannotBegin() throws {
        try withContainer("insexec", "sleep", "1000") { _ in
            for (words, code) in [
                (["-u", "nosuch"], Int32(126)), (["-u", "0:nosuch"], 126), (["-w", "/nosuch"], 126),
                (["-w", "/bin/sh"], 126),
            ] {
                let outcome = Host.run([Host.mydocker, "exec"] + words + ["insexec", "true"])
                #expect(outcome.code == code, "\(words): \(outcome.error)")
            }
            #expect(mydocker("exec", "insexec", "/nosuch").code == 127)
            #expect(mydocker("exec", "insexec", "/etc").code == 126)
        }
        #expect(runOnce("-u", "nosuch", "true").code == 125)
        #expect(runOnce("-w", "/new/dir", "pwd").text == "/new/dir\n")
    }

    @Test func W10_removingNothingIsAFailure() throws {
        for words in [["rm", "-f", ""], ["rmi", "-f", ""], ["rm", ""], ["network", "rm", ""], ["stop", ""]] {
            let outcome = Host.run([Host.mydocker] + words)
            #expect(outcome.code == 1 && outcome.text == "" && !outcome.error.isEmpty, "\(words)")
        }
        #expect(mydocker("rm", "-f", "insnosuch").code == 0)
    }
}
