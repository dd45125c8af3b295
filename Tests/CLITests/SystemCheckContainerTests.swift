import Foundation
import Testing

extension CLI {
    /// One leak is planted by hand in each class that containers have: it is found, named, put right, and then nothing is found.
    @Suite(.serialized) struct SystemCheckOfContainers {
        init() { prepareForChecks() }
    }
}

private let state = "/var/lib/mydocker"
private let runtime = "/run/mydocker"
/// Of a container that never was.
private let nobody = String(repeating: "0123456789abcdef", count: 4)

extension CLI.SystemCheckOfContainers {
    /// In every hierarchy that there is.
    @Test func cgroupOfNobody() throws {
        try withCheckedContainer(13) { _, _ in
            let points = Host.shell("awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts").lines
            #expect(points.count > 0)
            for point in points { inShell("mkdir -p \(point)/mydocker/\(nobody)") }
            #expect(try CheckReport.take().classes["cgroup"] == points.count)
            try CheckReport.expectRepair("cgroup", nobody)
        }
    }

    @Test func mountThatTheHostSees() throws {
        try withCheckedContainer(14) { _, box in
            let directory = "\(state)/containers/\(box.id)/upper/chk mount"
            inShell("mkdir '\(directory)'; mount -t tmpfs tmpfs '\(directory)'")
            try CheckReport.expectRepair("mount", directory)
            inShell("rmdir '\(directory)'")
        }
    }

    @Test(arguments: [
        ("runtime", "mkdir \(runtime)/containers/\(nobody)", "\(runtime)/containers/\(nobody)"),
        ("container", "mkdir -p \(state)/containers/\(nobody)/upper", "\(state)/containers/\(nobody)"),
        ("name", "ln -s \(nobody) \(state)/names/chkname", "\(state)/names/chkname"),
        ("network's name", "ln -s \(nobody) \(state)/network-names/chkname", "\(state)/network-names/chkname"),
        ("half-written", "touch \(state)/networks/\(nobody).json.999999999.tmp", "\(nobody).json.999999999.tmp"),
        ("half-made pool", "touch $NETWORK/pool.new", "pool.new"),
        ("network", "mkdir -p \(runtime)/networks/chkgone", "\(runtime)/networks/chkgone"),
        (
            "damaged pool", "printf x | dd of=$NETWORK/pool bs=1 seek=100 conv=notrunc status=none",
            "/pool"
        ),
    ])
    func stateOfNobody(_: String, planting: String, path: String) throws {
        try withCheckedContainer(15) { network, _ in
            inShell("NETWORK=\(network.runtime); \(planting)")
            try CheckReport.expectRepair("state", path)
        }
    }

    @Test func nameThatWasLost() throws {
        try withCheckedContainer(15) { _, _ in
            succeed("run", "--name", "chkended", "--net", "none", "true")
            inShell("rm \(state)/names/chkended")
            try CheckReport.expectRepair("state", "\(state)/names/chkended")
            succeed("rm", "chkended")
        }
    }

    /// It is found by its name all the same.
    @Test func nameOfANetworkThatWasLost() throws {
        try withCheckedContainer(15) { network, _ in
            let link = "\(state)/network-names/chk"
            inShell("rm \(link)")
            #expect(succeed("network", "inspect", "-f", "{{.Id}}", "chk").word == network.id)
            #expect(mydocker("network", "create", "chk").error.contains("already exists"))
            try CheckReport.expectRepair("state", link)
        }
    }

    @Test func workspaceOfADeadImport() throws {
        succeed("run", "--rm", "--net", "none", "true")
        inShell("mkdir -p \(state)/images/temporary/1-abc; touch \(state)/images/temporary/1-abc/lock")
        try CheckReport.expectRepair("state", "\(state)/images/temporary/1-abc")
    }

    /// It is named and left as it is, and a network whose definition cannot be read keeps what it has.
    @Test(arguments: ["network", "container", "state"])
    func damagedRecord(kind: String) throws {
        try withCheckedContainer(16) { network, box in
            let path =
                switch kind {
                case "network": network.record
                case "container": "\(state)/containers/\(box.id)/record.json"
                default: "\(runtime)/containers/\(box.id)/state.json"
                }
            inShell("cp -p \(path) \(path).kept; echo '{\"id\": 1' >\(path)")
            defer { inShell("mv \(path).kept \(path)") }
            for options in [[], ["--repair"]] {
                let outcome = Host.run([Host.mydocker, "system", "check"] + options)
                #expect(outcome.code == 3)
                #expect(outcome.lines.count == 1, "\(outcome.text)")
                #expect(outcome.text.hasPrefix("state \(path): damaged record"), "\(outcome.text)")
            }
            #expect(Host.read(path) == "{\"id\": 1")
            #expect(Host.hasLink("chk"))
        }
    }

    /// The lock is given up, its holder is not touched.
    @Test func lockOfAnotherProgram() throws {
        try withCheckedContainer(17) { network, _ in
            let lock = "\(network.runtime)/lock"
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            holder.arguments = ["flock", "--no-fork", lock, "sleep", "1000"]
            try holder.run()
            defer {
                kill(holder.processIdentifier, SIGKILL)
                holder.waitUntilExit()
            }
            while Host.run(["flock", "--nonblock", lock, "true"]).code == 0 { usleep(5_000) }
            let report = try CheckReport.take()
            #expect(report.findings.first?.why.contains("process \(holder.processIdentifier) (sleep)") == true)
            try CheckReport.expectRepair("lock", lock)
            #expect(holder.isRunning)
            #expect(mydocker("run", "--rm", "--net", "chk", "true", seconds: 10).code == 0)
        }
    }

    /// The socket of a published port stops listening; nobody but the supervisor could make another.
    @Test func portThatIsNotHeld() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("chk", "10.210.18.1/24")
            let box = try Box("chkbox", on: "chk", ["-p", "20210:80", "-p", "20211:81/udp"])
            defer {
                box.remove()
                network.remove()
            }
            try CheckReport.expectClean()
            try #require(stopListening(box.supervisor, port: 20210))
            for options in [[], ["--repair"]] {
                let outcome = Host.run([Host.mydocker, "system", "check"] + options)
                #expect(outcome.code == 3)
                #expect(outcome.lines.count == 1, "\(outcome.text)")
                #expect(outcome.text.hasPrefix("port 0.0.0.0:20210->80/tcp: "), "\(outcome.text)")
            }
        }
    }

    @Test func logOfNobody() throws {
        try withCheckedContainer(19) { _, _ in
            inShell("mkdir \(state)/containers/\(nobody); touch \(state)/containers/\(nobody)/log.json")
            let report = try CheckReport.take()
            #expect(report.classes["log"] == 1 && report.classes["state"] == 1, "\(report.findings)")
            #expect(report.findings.contains { $0.what == "\(state)/containers/\(nobody)/log.json" })
            #expect(try CheckReport.take("--repair").clean)
        }
    }

    /// What SIGKILL of a detached supervisor leaves is in many classes, and goes as a whole.
    @Test func aDeadSupervisorsContainer() throws {
        try withCheckedContainer(20) { _, _ in
            let dead = try Box("chkdead", on: "chk", ["-p", "20212:80"])
            dead.killSupervisor()
            let report = try CheckReport.take()
            #expect(report.found == ["address", "rule", "cgroup", "state"], "\(report.findings)")
            #expect(try CheckReport.take("--repair").clean)
            let status = succeed("ps", "-a", "--filter", "name=chkdead", "--format", "{{.Status}}").text
            #expect(status.hasPrefix("Exited (137)"), "\(status)")
            succeed("rm", "chkdead")
        }
    }

    /// Containers that start and end all the time are no findings.
    @Test func aBusySystemIsClean() throws {
        try withCheckedContainer(21) { _, _ in
            let stop = "\(NSTemporaryDirectory())/stop.\(getpid())"
            defer { try? FileManager.default.removeItem(atPath: stop) }
            let load = Process()
            load.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            // Names, ports and subnets of each loop are its own.
            load.arguments = [
                "bash", "-c",
                """
                for n in 1 2 3; do
                  while [ ! -e "$0" ]; do
                    $MYDOCKER run --rm --name chk$n --net chk -p 2022$n:80 -m 64m true
                    $MYDOCKER run -d --name chkd$n --net chk -p 2023$n:80 sleep 1000
                    $MYDOCKER rm -f chkd$n
                    $MYDOCKER network create --subnet 10.210.10$n.1/24 chkn$n
                    $MYDOCKER network rm chkn$n
                  done >/dev/null &
                done
                wait
                """, stop,
            ]
            load.environment = ProcessInfo.processInfo.environment.merging(["MYDOCKER": Host.mydocker]) { $1 }
            try load.run()
            for _ in 1...20 { try CheckReport.expectClean() }
            try Data().write(to: URL(fileURLWithPath: stop))
            load.waitUntilExit()
            #expect(load.terminationStatus == 0)
            try CheckReport.expectClean()
        }
    }
}
