import Foundation
import Testing

extension CLI {
    /// Health checks: what they find, what they leave, and who is told.
    @Suite(.serialized) struct Health {
        init() { #expect(Host.hasDefaultImage) }

        static let often = ["--health-interval", "100ms", "--health-retries", "2"]
    }
}

extension CLI.Health {
    private func status(_ name: String) -> String { inspect("{{.State.Health.Status}}", name) }

    /// A container with a check for as long as `body` runs.
    private func withCheck(
        _ name: String, _ check: String, _ flags: [String] = [], command: [String] = ["sleep", "1000"],
        _ body: () throws -> Void
    ) throws {
        try Ledger.expectUnchanged {
            let run = Host.run(
                [Host.mydocker, "run", "-d", "--net", "none", "--name", name, "--health-cmd", check] + Self.often
                    + flags + command)
            #expect(run.code == 0, "\(run.error)")
            defer { succeed("rm", "-f", name) }
            try body()
        }
    }

    @Test func itComesAndGoes() throws {
        try withCheck("hewell", "echo asked; test -e /well") {
            #expect(status("hewell") == "starting")
            #expect(succeed("ps", "--format", "{{.Status}}", "-f", "name=hewell").word.hasSuffix("(health: starting)"))
            Host.eventually("unhealthy") { status("hewell") == "unhealthy" }
            #expect(succeed("ps", "-q", "-f", "health=unhealthy").lines.count == 1)
            succeed("exec", "hewell", "touch", "/well")
            Host.eventually("healthy") { status("hewell") == "healthy" }
            #expect(inspect("{{.State.Health.FailingStreak}}", "hewell") == "0")
            #expect(inspect("{{with index .State.Health.Log 0}}{{.Output}}{{end}}", "hewell") == "asked")
            #expect(succeed("ps", "--format", "{{.Status}}", "-f", "name=hewell").word.hasSuffix("(healthy)"))
            #expect(succeed("ps", "-q", "-f", "health=healthy").lines.count == 1)
            #expect(succeed("ps", "-q", "-f", "health=none").text == "")
            Host.eventually("five are kept") { inspect("{{len .State.Health.Log}}", "hewell") == "5" }
            usleep(300_000)
            #expect(inspect("{{len .State.Health.Log}}", "hewell") == "5")
            let told = succeed(
                "events", "--since", "1m", "--until", "0s", "-f", "container=hewell", "--format", "{{.Status}}")
            #expect(
                told.lines.filter { $0.hasPrefix("health") } == ["health_status: unhealthy", "health_status: healthy"])
            // Once it has ended, as in Docker.
            succeed("stop", "-t", "0", "hewell")
            #expect(status("hewell") == "unhealthy")
            succeed("start", "hewell")
            #expect(status("hewell") == "starting")
            Host.eventually("healthy again") { status("hewell") == "healthy" }
        }
    }

    @Test func whoHasNoneHasNoHealth() throws {
        try withContainer("henone", "--no-healthcheck", "sleep", "1000") { _ in
            #expect(inspect("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "henone") == "none")
            #expect(!succeed("inspect", "henone").text.contains("\"Health\":"))
            #expect(succeed("ps", "-q", "-f", "health=none", "-f", "name=henone").lines.count == 1)
        }
        let filter = mydocker("ps", "-f", "health=well")
        #expect(filter.code == 1 && filter.text == "" && filter.error.contains("health: well"))
    }

    /// With its user, environment and directory.
    @Test func itIsAskedAsItsProgramRuns() throws {
        let check = "echo $(id -u) $WORD $(pwd) $(cat /proc/self/status | grep CapEff | cut -f2); echo aside >&2"
        try withCheck("heas", check, ["-u", "7", "-e", "WORD=said", "-w", "/tmp", "--cap-drop", "ALL"]) {
            Host.eventually("healthy") { status("heas") == "healthy" }
            let output = inspect("{{with index .State.Health.Log 0}}{{.Output}}{{end}}", "heas")
            #expect(output == "7 said /tmp 0000000000000000\naside")
        }
    }

    @Test func moreOutputThanIsKept() throws {
        try withCheck("helong", "head -c 100000 /dev/zero | tr '\\0' x; exit 3") {
            Host.eventually("unhealthy") { status("helong") == "unhealthy" }
            let output = inspect("{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}", "helong")
            #expect(output == "3 " + String(repeating: "x", count: 4096) + "...")
        }
    }

    /// All that a check has started is killed, however far it has got away.
    @Test func aCheckThatTakesTooLong() throws {
        let check = "setsid sleep 4321 & (sleep 4322 & ); sleep 4323"
        try withCheck("helate", check, ["--health-timeout", "300ms"]) {
            Host.eventually("unhealthy") { status("helate") == "unhealthy" }
            let first = inspect("{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}", "helate")
            #expect(first == "-1 Health check exceeded timeout (300ms)")
            // Those of the check that goes on now are alone.
            Host.eventually("none is left") {
                let top = Host.shell(
                    "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'sleep 432[123]' | wc -l")
                return (Int(top.word) ?? 9) <= 3
            }
            #expect(mydocker("exec", "helate", "true", seconds: 5).code == 0)
        }
    }

    @Test func whatCannotBeRun() throws {
        try withCheck("hebad", "true", ["-u", "0"], command: ["sh", "-c", "rm /bin/sh; exec sleep 1000"]) {
            Host.eventually("unhealthy") { status("hebad") == "unhealthy" }
            let first = inspect("{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}", "hebad")
            #expect(first.hasPrefix("-1 ") && first.contains("/bin/sh"), "\(first)")
        }
    }

    @Test func aPausedOneIsLetBe() throws {
        try withCheck("hepause", "echo x >>/asked") {
            Host.eventually("healthy") { status("hepause") == "healthy" }
            let pid = inspect("{{.State.Pid}}", "hepause")
            succeed("pause", "hepause")
            usleep(50_000)
            let asked = Host.read("/proc/\(pid)/root/asked")
            usleep(400_000)
            #expect(Host.read("/proc/\(pid)/root/asked") == asked)
            #expect(status("hepause") == "healthy")
            succeed("unpause", "hepause")
            Host.eventually("asked again") { Host.read("/proc/\(pid)/root/asked") != asked }
            #expect(status("hepause") == "healthy")
        }
    }

    @Test func aRestartBeginsAnew() throws {
        try withCheck("heagain", "test ! -e /sick", ["--restart", "always"]) {
            Host.eventually("healthy") { status("heagain") == "healthy" }
            succeed("exec", "heagain", "touch", "/sick")
            Host.eventually("unhealthy") { status("heagain") == "unhealthy" }
            succeed("exec", "heagain", "rm", "/sick")
            succeed("restart", "-t", "0", "heagain")
            #expect(["starting", "healthy"].contains(status("heagain")))
            Host.eventually("healthy") { status("heagain") == "healthy" }
        }
    }

    @Test func theImageSaysHow() throws {
        try withCheck("heimage", "true") {
            let change = "HEALTHCHECK --interval=100ms --retries=1 CMD [\"sh\", \"-c\", \"echo image; exit 4\"]"
            succeed("commit", "--change", change, "heimage", "heimage:1")
            defer { succeed("rmi", "-f", "heimage:1") }
            succeed("run", "-d", "--net", "none", "--name", "heof", "heimage:1", "sleep", "1000")
            defer { succeed("rm", "-f", "heof") }
            Host.eventually("unhealthy") { status("heof") == "unhealthy" }
            #expect(inspect("{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}", "heof") == "4 image")
            #expect(inspect("{{json .Config.Healthcheck}}", "heof").contains("\"Interval\":100000000"))
            let none = succeed(
                "run", "--rm", "--net", "none", "--name", "heoff", "--no-healthcheck", "heimage:1", "true")
            #expect(none.code == 0)
        }
    }

    /// Nothing is left of a check whose supervisor, worker or container is killed.
    @Test func whoeverIsKilledInTheMidstOfIt() throws {
        for victim in ["supervisor", "worker", "container"] {
            try withCheck("hekill", "sleep 4324", ["--health-timeout", "60s"]) {
                Host.eventually("it is asked") { Host.shell("pgrep -f 'mydocker: health check'").code == 0 }
                switch victim {
                case "worker":
                    Host.shell("kill -9 $(pgrep -f 'mydocker: health check')")
                    Host.eventually("it is asked again") { Host.shell("pgrep -f 'mydocker: health check'").code == 0 }
                    #expect(mydocker("stop", "-t", "0", "hekill", seconds: 10).code == 0)
                case "container": #expect(mydocker("kill", "hekill", seconds: 10).code == 0)
                default: Host.shell("kill -9 $(cat /run/mydocker/containers/*/state.json | jq .supervisor)")
                }
                #expect(mydocker("rm", "-f", "hekill", seconds: 10).code == 0)
                #expect(Host.shell("pgrep -f 'mydocker: health check|sleep 4324'").code == 1, "\(victim)")
                succeed("run", "-d", "--net", "none", "--name", "hekill", "true")
            }
        }
    }

    /// A supervisor that checks has little of its own.
    @Test func itsMemory() throws {
        try withContainer("hemem", "--health-cmd", "true", "--health-interval", "3s", "sleep", "1000") { _ in
            Host.eventually("a check") { inspect("{{len .State.Health.Log}}", "hemem") != "0" }
            let script = """
                pid=$(cat /run/mydocker/containers/*/state.json | jq .supervisor)
                awk '/^Private_Dirty/ { print $2 }' /proc/$pid/smaps_rollup
                """
            // Between two checks, when it has given back what the last one took.
            Host.eventually("little memory") {
                (Int(Host.shell(script).word) ?? .max) <= 400 || Host.mydocker.contains("debug")
            }
        }
    }
}
