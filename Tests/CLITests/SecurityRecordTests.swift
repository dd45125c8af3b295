import Foundation
import Testing

/// Records that are damaged, or that somebody has tampered with, and what `rm` may touch.
extension CLI.Security {
    private static let containers = "/var/lib/mydocker/containers"
    private static let runtime = "/run/mydocker/containers"

    /// What a record can be like, with a line of shell that makes `$FILE` so.
    private static let damages: [(name: String, script: String)] = [
        ("cut", "truncate -s 40 $FILE"), ("empty", ": > $FILE"), ("binary", "head -c 300 /bin/busybox > $FILE"),
        ("types", "echo '{\"id\":5,\"name\":[]}' > $FILE"), ("array", "echo '[]' > $FILE"),
        ("deep", "head -c 200000 /dev/zero | tr '\\0' '[' > $FILE"), ("huge", "truncate -s 17M $FILE"),
        ("path", "sed -i 's/\"name\":\"[^\"]*\"/\"name\":\"..\\/..\\/x\"/' $FILE"),
        ("directory", "rm $FILE; mkdir $FILE"),
    ]

    @Test func damagedRecordsAreNamedAndNeverReplaced() throws {
        Ledger.expectUnchanged {
            succeed("run", "--net", "none", "--name", "sec-good", "true")
            for (number, damage) in Self.damages.enumerated() {
                let name = "sec-\(damage.name)"
                let id = succeed("run", "-d", "--net", "none", "--name", name, "true").word
                #expect(mydocker("wait", name).word == "0", "\(damage.name)")
                let file = "\(Self.containers)/\(id)/record.json"
                let before = Host.shell("FILE=\(file); \(damage.script); stat -c %i.%Y.%s $FILE").word
                for command in [["inspect", id], ["exec", id, "true"], ["commit", id, "sec-image"], ["stop", id]] {
                    let outcome = Host.run([Host.mydocker] + command)
                    #expect(
                        outcome.code == 1 && outcome.error.contains(file), "\(damage.name) \(command): \(outcome.error)"
                    )
                }
                let list = mydocker("ps", "-a", "--format", "{{.Names}}")
                #expect(list.lines.contains("sec-good") && list.error.contains(file), "\(damage.name): \(list.error)")
                #expect(Host.shell("stat -c %i.%Y.%s \(file)").word == before, "\(damage.name)")
                // By id and by name.
                succeed("rm", "-f", number.isMultiple(of: 2) ? id : name)
                #expect(!FileManager.default.fileExists(atPath: "\(Self.containers)/\(id)"), "\(damage.name)")
                succeed("run", "--rm", "--net", "none", "--name", name, "true")
            }
            succeed("rm", "sec-good")
        }
    }

    /// The state of a container that runs: nobody knows its processes but the kernel.
    @Test func aRunningContainerWithADamagedStateCanBeRemoved() throws {
        succeed("network", "create", "--subnet", "10.78.1.0/28", "sec-damage")
        defer { succeed("network", "remove", "sec-damage") }
        // Its pool is there from here on.
        succeed("run", "--rm", "-net", "sec-damage", "true")
        Ledger.expectUnchanged {
            for damage in Self.damages where ["cut", "types", "deep"].contains(damage.name) {
                for isAlive in [true, false] {
                    let started = mydocker(
                        "run", "-d", "--name", "sec-state", "-net", "sec-damage", "-p", "7890:80", "sleep", "1000")
                    #expect(started.code == 0, "\(started.error)")
                    let pid = Int32(inspect("{{.State.Pid}}", "sec-state")) ?? -1
                    if !isAlive {
                        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
                        kill(Host.status("PPid", in: status).flatMap { Int32($0) } ?? 0, SIGKILL)
                        Host.eventually("its end") { kill(pid, 0) != 0 }
                    }
                    let file = "\(Self.runtime)/\(started.word)/state.json"
                    #expect(Host.shell("FILE=\(file); \(damage.script)").code == 0)
                    let outcome = mydocker("rm", "-f", started.word)
                    #expect(outcome.code == 0, "\(damage.name) \(isAlive): \(outcome.error)")
                    #expect(outcome.error.contains(file), "\(damage.name): \(outcome.error)")
                    // A zombie has ended: whoever adopted it will reap it.
                    #expect([nil, "Z"].contains(Host.state(of: Int(pid))), "\(damage.name): it still runs")
                    let check = mydocker("system", "check")
                    #expect(check.code == 0, "\(damage.name) \(isAlive): \(check.text)")
                }
            }
        }
    }

    /// A state that names cgroups, processes and paths which are not the container's.
    @Test func aRecordThatWasTamperedWithRemovesNothingElse() throws {
        try withScratch { scratch in
            let hierarchy = KernelLimits.isUnified ? "" : "/" + Host.shell("ls /sys/fs/cgroup | head -1").word
            let directory = "/sys/fs/cgroup\(hierarchy)/sec-other"
            mkdir(directory, 0o755)
            defer { rmdir(directory) }
            mkdir(scratch + "/empty", 0o755)
            let id = succeed("run", "-d", "--net", "none", "--name", "sec-tamper", "sleep", "1000").word
            let file = "\(Self.runtime)/\(id)/state.json"
            let evil = [
                "\(directory)", "\(scratch)/empty", "/sys/fs/cgroup/../../..\(scratch)/empty",
                "/sys/fs/cgroup/mydocker/../../../..\(scratch)/empty",
            ]
            let list = evil.map { "\"\($0)\"" }.joined(separator: ",")
            let script = "sed -i 's#\"cgroups\":\\[#\"cgroups\":[\(list),#' \(file) && grep -c sec-other \(file)"
            #expect(Host.shell(script).word == "1")
            let pid = try #require(Int32(inspect("{{.State.Pid}}", "sec-tamper")))
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            kill(try #require(Host.status("PPid", in: status).flatMap { Int32($0) }), SIGKILL)
            Host.eventually("its end") { kill(pid, 0) != 0 }
            succeed("rm", "-f", "sec-tamper")
            #expect(FileManager.default.fileExists(atPath: scratch + "/empty"))
            #expect(FileManager.default.fileExists(atPath: directory))
        }
    }

    @Test func B65_removalCrossesNoMountAndFollowsNoLink() throws {
        try withScratch { scratch in
            let host = scratch + "/host"
            #expect(
                Host.shell("mkdir -p \(host)/sub && echo precious > \(host)/sub/file && echo too > \(host)/file").code
                    == 0)
            let script =
                "ln -s /volume /link; ln -s \(host) /out; ln -s / /root-link; mkdir -p /deep/er && ln -s \(host) /deep/er/x"
            let id = succeed(
                "run", "-d", "--net", "none", "--name", "sec-rm", "-v", "\(host):/volume", "sh", "-c", script
            ).word
            succeed("wait", "sec-rm")
            let upper = "\(Self.containers)/\(id)/upper"
            // What a person with root's rights may leave there: of the same file system, and of another one.
            let planted = Host.shell(
                "mkdir \(upper)/same \(upper)/other && mount --bind \(host) \(upper)/same && mount -t tmpfs t \(upper)/other && touch \(upper)/other/file"
            )
            #expect(planted.code == 0, "\(planted.error)")
            let outcome = mydocker("rm", "sec-rm")
            #expect(outcome.code == 1)
            #expect(
                outcome.error.contains("\(upper)/same") || outcome.error.contains("\(upper)/other"), "\(outcome.error)")
            #expect(Host.shell("cat \(host)/sub/file \(host)/file").lines == ["precious", "too"])
            #expect(Host.names(in: upper + "/other") == ["file"])
            // Nor with force.
            #expect(mydocker("rm", "-f", "sec-rm").code == 1)
            #expect(Host.shell("cat \(host)/sub/file; umount \(upper)/same \(upper)/other").word == "precious")
            succeed("rm", "sec-rm")
            #expect(!FileManager.default.fileExists(atPath: "\(Self.containers)/\(id)"))
            #expect(Host.shell("cat \(host)/sub/file \(host)/file").lines == ["precious", "too"])
        }
    }

    /// A tree as deep and with names as odd as a container can make it.
    @Test func whatAContainerMadeCanBeRemoved() throws {
        Ledger.expectUnchanged {
            let script = """
                cd /tmp && /probe deep 5000
                touch -- -rf "$(printf 'a\\nb')" "$(printf '\\377\\376')" .hidden; mkfifo fifo; mkdir -m 000 closed; echo done
                """
            let outcome = runOnce("-v", "\(Probe.path):/probe:ro", "sh", "-c", script)
            #expect(outcome.lines == ["left=-1", "done"], "\(outcome.error)")
        }
    }
}
