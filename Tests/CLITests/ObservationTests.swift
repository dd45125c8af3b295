import Foundation
import Testing

extension CLI {
    /// `top`, `stats`, `info`, `system df`, and the names of commands behind their noun.
    @Suite struct Observation {
        @Test func topShowsTheHostsNumbers() throws {
            try withContainer("obtop", "sh", "-c", "sleep 1000 & exec sleep 2000") { _ in
                Host.eventually("both run") { mydocker("top", "obtop").text.contains("sleep 2000") }
                let table = succeed("top", "obtop").lines
                #expect(
                    table[0].split(separator: " ").map(String.init)
                        == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"])
                let first = inspect("{{.State.Pid}}", "obtop")
                let rows = table.dropFirst().map { $0.split(separator: " ").map(String.init) }
                #expect(rows.count == 2)
                #expect(
                    rows.contains {
                        $0[0] == "root" && $0[1] == first && $0[5] == "?" && $0.suffix(2) == ["sleep", "2000"]
                    })
                #expect(rows.contains { $0[2] == first && $0.suffix(2) == ["sleep", "1000"] })
                #expect(
                    succeed("top", "obtop", "-o", "pid,comm").lines.dropFirst().allSatisfy { $0.hasSuffix("sleep") })
                #expect(succeed("container", "top", "obtop", "aux").lines[0].hasPrefix("USER "))
                let wrong = mydocker("top", "obtop", "-C", "sh")
                #expect(wrong.code == 1 && wrong.error.hasPrefix("mydocker: top: unsupported option of ps: -C\n"))
                #expect(mydocker("top", "obtop", "-o", "cmd").error.contains("Couldn't find PID field in ps output"))
            }
            #expect(mydocker("top", "obtop").error.hasPrefix("mydocker: No such container: obtop"))
            succeed("create", "--net", "none", "--name", "obidle", "true")
            let idle = mydocker("top", "obidle")
            #expect(idle.code == 1 && idle.error.contains("is not running"))
            succeed("rm", "obidle")
        }

        @Test func statsMeasure() throws {
            try withContainer("obbusy", "-m", "64m", "--pids-limit", "50", "sh", "-c", "while :; do :; done") { id in
                try withContainer("obidle", "sleep", "1000") { _ in
                    let format = "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}} {{.ID}}"
                    let rows = succeed("stats", "--no-stream", "--format", format).lines.map {
                        $0.split(separator: " ")
                    }
                    let busy = try #require(rows.first { $0[0] == "obbusy" })
                    let share = try #require(Double(busy[1].dropLast()))
                    #expect(share > 5 && share < 150, "\(busy)")
                    #expect(busy[4] == "64MiB" && busy[5] == "1" && busy[6] == id.prefix(12), "\(busy)")
                    #expect(busy[2].hasSuffix("iB"))
                    let idle = try #require(rows.first { $0[0] == "obidle" })
                    let idleShare = try #require(Double(idle[1].dropLast()))
                    #expect(idleShare < 3 && idle[5] == "1", "\(idle)")
                    let table = succeed("stats", "--no-stream", "obidle").lines
                    #expect(table.count == 2)
                    #expect(table[0].hasPrefix("CONTAINER ID   NAME      CPU %"))
                    let json = succeed("stats", "--no-stream", "--format", "json", "--no-trunc", "obbusy").text
                    #expect(json.contains("\"ID\":\"\(id)\"") && json.contains("\"MemPerc\":"))
                }
            }
            let missing = mydocker("stats", "--no-stream", "obbusy")
            #expect(missing.code == 1 && missing.error.contains("No such container: obbusy"))
            succeed("create", "--net", "none", "--name", "obidle", "true")
            defer { succeed("rm", "obidle") }
            #expect(succeed("stats", "--no-stream").lines.count == 1)
            #expect(succeed("stats", "--no-stream", "-a").lines.last?.contains("0.00%") ?? false)
        }

        @Test func trafficIsCounted() throws {
            let network = try TestNetwork("obnet", "10.99.8.1/24")
            defer { network.remove() }
            succeed("run", "-d", "--net", "obnet", "--name", "obtalks", "sh", "-c", "ping -c 3 10.99.8.1; sleep 1000")
            defer { succeed("rm", "-f", "obtalks") }
            Host.eventually("it has sent something") {
                !mydocker("stats", "--no-stream", "--format", "{{.NetIO}}", "obtalks").text.hasSuffix("/ 0B\n")
            }
        }

        @Test func infoCounts() throws {
            #expect(Host.hasDefaultImage)
            try withContainer("obinfo", "sleep", "1000") { _ in
                succeed("pause", "obinfo")
                #expect(succeed("info", "-f", "{{.ContainersRunning}} {{.ContainersPaused}}").word == "0 1")
                succeed("unpause", "obinfo")
                let format =
                    "{{.ContainersRunning}} {{.ContainersPaused}} {{.ServerVersion}} {{.OSType}} {{.SecurityOptions}}"
                #expect(succeed("info", "--format", format).word == "1 0 0.1.0 linux [name=seccomp,profile=builtin]")
                let text = succeed("system", "info").text
                #expect(text.contains("\n  Running: 1\n") && text.contains("\n Docker Root Dir: /var/lib/mydocker\n"))
                let processors = Host.run(["nproc", "--all"]).word
                #expect(succeed("info", "-f", "{{.NCPU}}").word == processors)
                let json = succeed("info", "-f", "json").text
                #expect(json.hasPrefix("{\"ID\":") && json.hasSuffix("}\n"))
            }
            #expect(mydocker("info", "-f", "{{.Nope}}").code != 0)
        }

        @Test func namesBehindTheirNoun() throws {
            #expect(Host.hasDefaultImage)
            #expect(mydocker("image", "inspect", "-f", "{{.Id}}", "busybox").code == 0)
            let image = mydocker("image", "inspect", "obnone")
            #expect(
                image.code == 1 && image.text == "[]\n" && image.error == "mydocker: No such image: obnone:latest\n")
            succeed("container", "run", "--net", "none", "--name", "obnoun", "true")
            #expect(succeed("container", "ls", "-a", "-f", "name=obnoun", "--format", "{{.Names}}").word == "obnoun")
            #expect(succeed("container", "inspect", "-f", "{{.Name}}", "obnoun").word == "/obnoun")
            // Not what else has that name.
            let wrong = mydocker("container", "inspect", "busybox")
            #expect(wrong.code == 1 && wrong.error == "mydocker: No such container: busybox\n")
            succeed("container", "rm", "obnoun")
            #expect(succeed("image", "ls", "-q", "busybox").lines.count == 1)
        }

        @Test func whatIsOnDisk() throws {
            #expect(Host.hasDefaultImage)
            let run = mydocker(
                "run", "--net", "none", "--name", "obdisk", "dd", "if=/dev/zero", "of=/x", "bs=1M", "count=2")
            defer { succeed("rm", "obdisk") }
            #expect(run.code == 0)
            let rows = succeed(
                "system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}"
            )
            .lines
            #expect(rows.map { $0.prefix { $0 != "|" } } == ["Images", "Containers", "Local Volumes", "Build Cache"])
            #expect(rows[1].hasPrefix("Containers|1|0|2.") && rows[1].hasSuffix("MB (100%)"), "\(rows)")
            let whole = succeed("system", "df", "-v").text
            #expect(
                whole.hasPrefix("Images space usage:\n\nREPOSITORY ") && whole.contains("\nContainers space usage:\n"))
        }
    }
}
