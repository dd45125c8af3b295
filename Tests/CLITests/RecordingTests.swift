import Foundation
import Testing

extension CLI {
    /// `run --record FILE` and `--replay FILE`: the same again, as another container.
    @Suite(.serialized) struct Recordings {
        init() {
            #expect(Host.hasDefaultImage)
            Host.switchRoutingOn()
        }

        private func edit(_ file: String, _ old: String, _ new: String) throws {
            let text = Host.read(file)
            try #require(text.contains(old), "\(old) in \(text)")
            try writeFile(text.replacingOccurrences(of: old, with: new), file)
        }
    }
}

extension CLI.Recordings {
    @Test func aRunIsRepeatedWhereItsNetworkIsNot() throws {
        try Ledger.expectUnchanged {
            try withScratch { directory in
                let file = directory + "/run.json"
                let words = [
                    "run", "--record", file, "--rm", "--net", "recnet", "--ip", "10.201.77.9", "-e", "A=b", "-w",
                    "/tmp",
                    "-m", "64m", "-v", "\(directory):/host:ro", "sh", "-c",
                    "echo $A $PWD; ip -4 -o addr show eth0 | awk '{print $4}'; ls /host; exit 3",
                ]
                var outcomes: [Outcome] = []
                do {
                    let network = try TestNetwork("recnet", "10.201.77.1/24", "--label", "k=v")
                    defer { network.remove() }
                    outcomes.append(Host.run([Host.mydocker] + words))
                }
                var status = stat()
                #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
                outcomes.append(mydocker("run", "--replay", file))
                defer { succeed("network", "rm", "recnet") }
                for outcome in outcomes {
                    #expect(
                        outcome.text == "b /tmp\n10.201.77.9/24\nrun.json\n" && outcome.code == 3, "\(outcome.error)")
                }
                let network = succeed(
                    "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}} {{.Labels.k}}", "recnet")
                #expect(network.text == "10.201.77.1 v\n")
                // A network of that name that is otherwise will do where it can, and the difference is told.
                succeed("network", "rm", "recnet")
                succeed("network", "create", "--subnet", "10.201.77.1/25", "recnet")
                let other = mydocker("run", "--replay", file)
                #expect(other.code == 3 && other.error.contains("its subnet is 10.201.77.0/25, not 10.201.77.0/24"))
            }
        }
    }

    @Test func inTheBackgroundAndUnderAnotherName() throws {
        try withScratch { directory in
            let file = directory + "/run.json"
            succeed(
                "run", "-d", "--record", file, "--name", "recone", "-h", "box", "--net", "none", "-v", "/data", "sleep",
                "1000")
            defer { succeed("rm", "-fv", "recone") }
            let taken = mydocker("run", "--replay", file)
            #expect(taken.code == 125 && taken.error.contains("Conflict. The container name \"/recone\""))
            succeed("run", "--replay", file, "--name", "rectwo", "--cidfile", directory + "/id")
            defer { succeed("rm", "-fv", "rectwo") }
            #expect(Host.read(directory + "/id") == inspect("{{.Id}}", "rectwo"))
            #expect(inspect("{{.State.Running}} {{.Config.Hostname}}", "rectwo") == "true box")
            let volume = "{{range .Mounts}}{{.Name}}{{end}}"
            #expect(inspect(volume, "recone") != inspect(volume, "rectwo"))
            succeed("run", "-d", "--replay", file, "--replace")
            #expect(inspect("{{.State.Status}}", "recone") == "running")
            succeed("create", "--replay", file, "--name", "recthree")
            #expect(inspect("{{.State.Status}}", "recthree") == "created")
            succeed("rm", "-v", "recthree")
        }
    }

    /// Nothing is begun, and nothing is left.
    @Test func whatCannotBeRepeatedIsRefused() throws {
        try withScratch { directory in
            let file = directory + "/run.json"
            succeed("run", "--rm", "--record", file, "--net", "none", "true")
            try Ledger.expectUnchanged {
                for more in [["-e", "A=b"], ["-m", "64m"], ["--net", "none"], ["-it"], ["true"], ["--image", "x"]] {
                    let outcome = Host.run([Host.mydocker, "run", "--replay", file] + more)
                    #expect(outcome.code == 125 && outcome.error.contains("all settings"), "\(more): \(outcome.error)")
                }
                #expect(mydocker("run", "--replay", directory + "/none").error.contains("No such file or directory"))
                try writeFile("{\"version\":1}", directory + "/empty")
                let empty = mydocker("run", "--replay", directory + "/empty")
                #expect(empty.code == 125 && empty.error.contains("it is no recording: container is missing"))
                try writeFile("garbage", directory + "/garbage")
                #expect(mydocker("run", "--replay", directory + "/garbage").error.contains("it is no recording"))
                let text = Host.read(file)
                try edit(file, "\"version\":1", "\"version\":9")
                #expect(mydocker("run", "--replay", file).error.contains("written by a newer mydocker"))
                try writeFile(text, file)
                try edit(file, "\"imageID\":\"sha256:", "\"imageID\":\"sha256:dead")
                let image = mydocker("run", "--replay", file)
                #expect(image.code == 125 && image.error.contains("is not here") && image.error.contains("load -i"))
            }
        }
    }

    /// A file asks for nothing that a command line could not, whoever has written it.
    @Test func whatNoCommandLineSaysIsRefused() throws {
        try withScratch { directory in
            let file = directory + "/run.json"
            succeed(
                "run", "--rm", "--record", file, "--net", "none", "-h", "box", "--dns-search", "a.org", "--tmpfs", "/t",
                "-v", "/srv", "-e", "A=b", "--device", "/dev/null:/dev/nothing", "true")
            let text = Host.read(file)
            Ledger.expectUnchanged {
                for (old, new, reason) in [
                    ("\"labels\":{}", "\"labels\":{\"mydocker.scope\":\"x\"}", "mydocker.scope"),
                    (
                        "\"labels\":{},\"options\":{}", "\"labels\":{\"mydocker.scope\":\"x\"},\"options\":{}",
                        "mydocker.scope"
                    ), ("\"options\":{}", "\"options\":{\"type\":\"nfs\"}", "device"),
                    ("\"CHOWN\"", "\"NOPE\"", "invalid capability \"NOPE\""),
                    ("\"target\":\"/t\"", "\"target\":\"/t/../..\"", "invalid mount target"),
                    ("\"target\":\"/t\"", "\"target\":\"/\"", "invalid mount target"),
                    ("\"box\"", "\"box\\n6.6.6.6 evil\"", "control character"),
                    ("a.org", "a\\nnameserver 6.6.6.6", "control character"),
                    ("A=b", "A=\\u0000b", "zero byte"), ("\"rwm\"", "\"q\"", "bad mode"),
                    ("\"sysctls\":{}", "\"sysctls\":{\"kernel.hostname\":\"x\"}", "not allowed"),
                ] {
                    #expect(throws: Never.self) { try writeFile(text, file) }
                    #expect(throws: Never.self) { try edit(file, old, new) }
                    let outcome = mydocker("run", "--replay", file)
                    #expect(outcome.code == 125 && outcome.error.contains(reason), "\(new): \(outcome.error)")
                }
                #expect(throws: Never.self) { try writeFile(text, file) }
                let piped = Host.shell("$MYDOCKER run --replay <(sleep 0.3; cat \(file))")
                #expect(piped.code == 0, "\(piped.error)")
            }
        }
    }

    /// What a replay made for a container that does not start goes again.
    @Test func aReplayThatFailsLeavesNoNetwork() throws {
        try withScratch { directory in
            let file = directory + "/run.json"
            let network = try TestNetwork("recgone", "10.201.78.1/24")
            succeed("run", "--rm", "--record", file, "--net", network.name, "-p", "18099:80", "true")
            network.remove()
            let other = try TestNetwork("recother", "10.201.79.1/24")
            defer { other.remove() }
            succeed("run", "-d", "--name", "rechas", "--net", "recother", "-p", "18099:80", "sleep", "1000")
            defer { succeed("rm", "-f", "rechas") }
            let outcome = mydocker("run", "--replay", file)
            #expect(outcome.code == 125 && outcome.error.contains("port is already allocated"), "\(outcome.error)")
            #expect(mydocker("network", "inspect", "recgone").code == 1)
        }
    }

    @Test func twoReplaysMakeAMissingNetworkOnce() throws {
        try Ledger.expectUnchanged {
            try withScratch { directory in
                let file = directory + "/run.json"
                let network = try TestNetwork("rectwice", "10.201.80.1/24")
                succeed("run", "--rm", "--record", file, "--net", network.name, "true")
                network.remove()
                for _ in 0..<5 {
                    let both = Host.shell(
                        "for i in 1 2; do $MYDOCKER run --replay \(file) && echo done & done; wait")
                    #expect(both.text == "done\ndone\n" && both.error == "", "\(both.error)")
                    succeed("network", "rm", "rectwice")
                }
            }
        }
    }

    /// `-` is standard input; standard output is the program's.
    @Test func aHyphenIsNoFile() throws {
        try withScratch { directory in
            let file = directory + "/run.json"
            succeed("run", "--rm", "--record", file, "--net", "none", "echo", "again")
            let outcome = Host.shell(
                "cd \(directory) && $MYDOCKER run --replay - <\(file) && cat \(file) | $MYDOCKER run --replay -")
            #expect(outcome.text == "again\nagain\n", "\(outcome.error)")
            let garbage = Host.shell("echo garbage | $MYDOCKER run --replay -")
            #expect(garbage.code == 125 && garbage.error.contains("it is no recording"), "\(garbage.error)")
            let record = Host.shell("cd \(directory) && $MYDOCKER run --rm --record - --net none echo hi; ls")
            #expect(record.text == "run.json\n" && record.error.contains("standard output is the program's"))
        }
    }

    /// What was allowed when it was asked for, whatever becomes of the file.
    @Test func aSeccompProfileIsKeptWhole() throws {
        try withScratch { directory in
            let profile = directory + "/profile.json"
            try writeFile(
                """
                {"defaultAction": "SCMP_ACT_ALLOW",
                 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
                """, profile)
            succeed(
                "create", "--record", directory + "/run.json", "--name", "recprofile", "--net", "none",
                "--security-opt",
                "seccomp=" + profile, "sh", "-c", "mkdir /q || echo refused")
            defer { succeed("rm", "-f", "recprofile") }
            try FileManager.default.removeItem(atPath: profile)
            #expect(succeed("start", "-a", "recprofile").text == "refused\n")
            // One that was created is repeated in the background.
            succeed("run", "--name", "recagain", "--replay", directory + "/run.json")
            defer { succeed("rm", "-f", "recagain") }
            succeed("wait", "recagain")
            #expect(succeed("logs", "recagain").text == "refused\n")
            #expect(inspect("{{.HostConfig.SecurityOpt}}", "recprofile").hasPrefix("[seccomp={\"defaultAction\":"))
        }
    }

    @Test func whatCannotBeWrittenDown() throws {
        try withScratch { directory in
            try Ledger.expectUnchanged {
                for place in [directory, directory + "/none/file", "/dev/null"] {
                    let outcome = mydocker("run", "--rm", "--record", place, "--net", "none", "true")
                    #expect(outcome.code == 125 && outcome.error.contains("\"\(place)\""), "\(place): \(outcome.error)")
                }
                #expect(mydocker("run", "--rm", "--record", "", "true").code == 125)
                try withContainer("recother", "sleep", "1000") { _ in
                    let outcome = mydocker(
                        "run", "--rm", "--record", directory + "/file", "--net", "container:recother", "true")
                    #expect(outcome.code == 125 && outcome.error.contains("a part of another container"))
                    #expect(!FileManager.default.fileExists(atPath: directory + "/file"))
                }
            }
        }
    }

    /// What is recorded in one scope does not belong to it elsewhere.
    @Test func aScopeIsNotBroughtAlong() throws {
        try withScratch { directory in
            let file = directory + "/run.json"
            Ledger.expectUnchanged {
                let line = "\(Host.mydocker) run -d --net none --record \(file) -v recvol:/v --name recscope sleep 1000"
                succeed("scope", "run", "recscope", "--", "sh", "-c", line)
                #expect(!Host.read(file).contains("mydocker.scope"))
                succeed("run", "--replay", file)
                #expect(inspect("{{.Config.Labels}}", "recscope") == "map[]")
                succeed("rm", "-f", "recscope")
                succeed("volume", "rm", "recvol")
            }
        }
    }
}
