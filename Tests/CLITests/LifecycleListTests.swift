import Foundation
import Testing

// MARK: - ps and inspect

extension CLI.Lifecycle {
    @Test func psListsWhatRuns() throws {
        try withContainer("lfps1", "-l", "kind=one", "--label", "only", "sh", "-c", "exec sleep 1000") { first in
            let ended = mydocker("run", "--net", "none", "--name", "lfps2", "-l", "kind=two", "sh", "-c", "exit 3")
            defer { succeed("rm", "lfps2") }
            #expect(ended.code == 3)
            let second = inspect("{{.Id}}", "lfps2")
            let table = succeed("ps").lines
            #expect(
                table.first?.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
                    == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"])
            let row = try #require(table.first { $0.hasPrefix(first.prefix(12)) })
            #expect(row.contains("busybox:latest") && row.contains("\"sh -c 'exec sleep ") && row.contains("  Up "))
            #expect(row.hasSuffix("lfps1"))
            #expect(!table.contains { $0.hasSuffix("lfps2") })
            #expect(succeed("ps", "-a").lines.contains { $0.hasSuffix("lfps2") && $0.contains("Exited (3) ") })
            #expect(Set(succeed("ps", "-aq").lines) == [String(first.prefix(12)), String(second.prefix(12))])
            #expect(succeed("ps", "-q", "--no-trunc").lines == [first])
            // The newest first.
            #expect(succeed("ps", "-a", "--format", "{{.Names}}").lines == ["lfps2", "lfps1"])
        }
    }

    @Test func psFilters() throws {
        try withContainer("lffilter1", "-l", "kind=one", "-l", "only", "sleep", "1000") { first in
            mydocker("run", "--net", "none", "--name", "lffilter2", "-l", "kind=two", "sh", "-c", "exit 3")
            defer { succeed("rm", "lffilter2") }
            let cases: [([String], [String])] = [
                (["name=lffilter"], ["lffilter1", "lffilter2"]), (["name=filter2"], ["lffilter2"]),
                (["name=^lffilter1$"], ["lffilter1"]), (["name=nosuch"], []),
                (["status=running"], ["lffilter1"]), (["status=exited"], ["lffilter2"]),
                (["exited=3"], ["lffilter2"]), (["exited=0"], []),
                (["label=kind"], ["lffilter1", "lffilter2"]), (["label=kind=one"], ["lffilter1"]),
                (["label=only", "label=kind=two"], []), (["id=" + first.prefix(7)], ["lffilter1"]),
                (["name=lffilter1", "name=lffilter2", "status=exited"], ["lffilter2"]),
                (["network=none"], ["lffilter1", "lffilter2"]), (["network=bridge"], []),
            ]
            for (filters, names) in cases {
                let flags = filters.flatMap { ["-f", $0] }
                let outcome = Host.run([Host.mydocker, "ps", "-a", "--format", "{{.Names}}"] + flags)
                #expect(outcome.lines.sorted() == names, "\(filters)")
            }
            #expect(succeed("ps", "-aqf", "name=lffilter1").word == first.prefix(12))
            #expect(mydocker("ps", "-f", "nosuch=x").code == 1)
            #expect(mydocker("ps", "-f", "name").code != 0)
        }
    }

    @Test func inspectSpeaksDockersTemplates() throws {
        try withScratch { directory in
            try withContainer(
                "lfinspect", "-v", "\(directory):/data:ro", "-e", "A=b", "-w", "/tmp", "-m", "64m", "-l", "x=y",
                "sh", "-c", "exec sleep 1000"
            ) { id in
                #expect(inspect("{{.Id}}", "lfinspect") == id)
                #expect(
                    inspect("{{.Name}} {{.State.Running}} {{.State.Status}}", "lfinspect") == "/lfinspect true running")
                let pid = inspect("{{.State.Pid}}", "lfinspect")
                #expect(Host.read("/proc/\(pid)/cmdline") == "sleep\u{0}1000\u{0}")
                #expect(inspect("{{json .Config.Cmd}}", "lfinspect") == "[\"sh\",\"-c\",\"exec sleep 1000\"]")
                #expect(inspect("{{range .Config.Env}}{{println .}}{{end}}", "lfinspect").contains("A=b"))
                #expect(inspect("{{index .Config.Labels \"x\"}}", "lfinspect") == "y")
                #expect(inspect("{{.HostConfig.Memory}} {{.Config.WorkingDir}}", "lfinspect") == "67108864 /tmp")
                let mounts = inspect("{{json .Mounts}}", "lfinspect")
                #expect(mounts.contains("\"Source\":\"\(directory)\"") && mounts.contains("\"Destination\":\"/data\""))
                #expect(mounts.contains("\"RW\":false"))
                let format = "{{if .State.Running}}{{len .Mounts}}{{else}}no{{end}} {{eq .State.ExitCode 0}}"
                #expect(inspect(format, "lfinspect") == "1 true")
                succeed("kill", "lfinspect")
                #expect(inspect("{{.State.Running}} {{.State.ExitCode}} {{.State.Pid}}", "lfinspect") == "false 137 0")
            }
        }
    }

    @Test func inspectIsJSONOfAllThatWasFound() throws {
        try withContainer("lfjson", "sleep", "1000") { id in
            let outcome = mydocker("inspect", "lfjson", "lfnosuch")
            #expect(outcome.code == 1)
            #expect(outcome.error == "error: no such object: lfnosuch\n")
            let objects = try JSONSerialization.jsonObject(with: outcome.output) as? [[String: Any]]
            #expect(objects?.count == 1)
            #expect(objects?.first?["Id"] as? String == id)
            let line = succeed("ps", "--format", "json", "-f", "name=lfjson")
            let row = try JSONSerialization.jsonObject(with: line.output) as? [String: Any]
            #expect(row?["Names"] as? String == "lfjson" && row?["State"] as? String == "running")
        }
        let none = mydocker("inspect", "lfnosuch")
        #expect(none.code == 1 && none.text == "[]\n")
        #expect(none.error == "error: no such object: lfnosuch\n")
        #expect(mydocker("inspect", "-f", "{{.Broken", "lfnosuch").code == 64)
    }

    /// One broken record neither hides the others nor keeps its own container from being removed.
    @Test func B73_aDamagedRecordHidesNoOther() throws {
        try Ledger.expectUnchanged {
            try withContainer("lfwhole", "sleep", "1000") { _ in
                succeed("run", "--net", "none", "--name", "lfbroken", "true")
                let broken = inspect("{{.Id}}", "lfbroken")
                let directory = "/var/lib/mydocker/containers/\(broken)"
                #expect(FileManager.default.fileExists(atPath: directory + "/record.json"))
                try writeFile("{\"id\": ", directory + "/record.json")
                let list = mydocker("ps", "-a", "--format", "{{.Names}}")
                #expect(list.lines.contains("lfwhole"))
                #expect(list.error.contains(broken.prefix(12)), "\(list.error)")
                #expect(mydocker("rm", "-f", broken).code == 0)
                #expect(!FileManager.default.fileExists(atPath: directory))
                #expect(runOnce("--name", "lfbroken", "true").code == 0, "its name is free again")
            }
        }
    }
}
