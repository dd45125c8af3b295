import Foundation
import Testing

extension CLI {
    /// One leak is planted by hand in each class: it is found, named, put right, and then nothing is found.
    @Suite(.serialized) struct SystemCheck {
        init() {
            Host.switchRoutingOn()
            // The default image is made on first use.
            succeed("run", "--rm", "--net", "none", "true")
            // The first name of a namespace makes /run/netns a mount.
            Host.shell("ip netns add chkfirst && ip netns delete chkfirst")
        }
    }
}

private let state = "/var/lib/mydocker"
private let runtime = "/run/mydocker"
/// Of a container that never was.
private let nobody = String(repeating: "0123456789abcdef", count: 4)
private let nobodyShort = "0123456789ab"

private func shell(_ line: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let outcome = Host.shell("set -e; \(line)", sourceLocation: sourceLocation)
    #expect(outcome.code == 0, "\(line): \(outcome.error)", sourceLocation: sourceLocation)
}

extension CLI.SystemCheck {
    @Test func nothingAtAllIsClean() throws {
        let outcome = mydocker("system", "check")
        #expect(outcome.code == 0 && outcome.text == "" && outcome.error == "")
        let classes = [
            "address", "rule", "veth", "bridge", "netns", "cgroup", "mount", "state", "lock", "port", "log", "volume",
        ]
        #expect(try Set(CheckReport.take().classes.keys) == Set(classes))
    }

    @Test func textIsALineForEachFinding() throws {
        try withCheckedContainer(1) { _, _ in
            shell("mkdir -p \(state)/containers/\(nobody); touch \(state)/containers/\(nobody)/log.json")
            let outcome = mydocker("system", "check")
            #expect(outcome.code == 3)
            #expect(outcome.lines.count == 2)
            for leakClass in ["state", "log"] {
                let line = outcome.lines.first { $0.hasPrefix("\(leakClass) \(state)/containers/\(nobody)") }
                #expect(line?.contains(": ") == true, "\(outcome.text)")
            }
            #expect(mydocker("system", "check", "--repair").lines.count { $0.hasSuffix("(repaired)") } == 2)
        }
    }

    // MARK: Networks

    @Test func addressWithoutAnOwner() throws {
        try withCheckedContainer(2) { _, _ in
            let dead = try Box("chkdead", on: "chk")
            dead.killSupervisor()
            // All but the lease.
            shell(
                """
                for directory in $(find /sys/fs/cgroup -type d -name \(dead.id)); do rmdir $directory; done
                rm -r \(state)/containers/\(dead.id) \(runtime)/containers/\(dead.id) \(state)/names/chkdead
                """)
            try CheckReport.expectRepair("address", dead.address)
            // It is free again for whoever wants this very one.
            #expect(mydocker("run", "--rm", "--net", "chk", "--ip", dead.address, "true").code == 0)
        }
    }

    @Test func addressWithoutALease() throws {
        try withCheckedContainer(3) { network, box in
            shell("rm \(network.runtime)/pool")
            try CheckReport.expectRepair("address", box.address)
            #expect(mydocker("run", "--rm", "--net", "chk", "--ip", box.address, "true").code == 125)
        }
    }

    @Test(arguments: [
        "-t nat -A MYDOCKER-DNAT -p tcp --dport 20211 -m comment --comment mydocker-\(nobodyShort) "
            + "-j DNAT --to-destination 10.210.4.9:80",
        "-A MYDOCKER-FORWARD -o chkgone -j DROP",
        "-t nat -A MYDOCKER-POSTROUTING -s 10.210.4.0/24 ! -o chkgone -j MASQUERADE",
    ])
    func ruleWithoutAnOwner(rule: String) throws {
        try withCheckedContainer(4, options: ["--firewall", "iptables"]) { _, _ in
            shell("iptables-legacy \(rule)")
            try CheckReport.expectRepair("rule", rule.contains("chkgone") ? "chkgone" : nobodyShort)
        }
    }

    @Test(arguments: [
        "-t nat -F MYDOCKER-DNAT", "-F MYDOCKER-FORWARD", "-D FORWARD -j MYDOCKER-EGRESS", "-t nat -F OUTPUT",
        "-I FORWARD -j MYDOCKER-FORWARD",
    ])
    func ruleThatIsMissingOrThereTwice(change: String) throws {
        try withCheckedContainer(5, options: ["--firewall", "iptables"]) { _, _ in
            shell("iptables-legacy \(change)")
            let report = try CheckReport.take()
            #expect(report.found == ["rule"])
            #expect(try CheckReport.take("--repair").clean)
        }
    }

    @Test func vethOfNobody() throws {
        try withCheckedContainer(6) { _, _ in
            shell("ip link add abcde type veth peer name chkpeer; ip link set abcde master chk up")
            try CheckReport.expectRepair("veth", "abcde")
            #expect(!Host.hasLink("abcde"))
        }
    }

    /// What is not named as ours are is taken off the bridge, and stays.
    @Test func vethOfTheHostsOwner() throws {
        try withCheckedContainer(7) { _, _ in
            shell("ip link add chkuser type veth peer name chkpeer; ip link set chkuser master chk up")
            defer { shell("ip link delete chkuser") }
            try CheckReport.expectRepair("veth", "chkuser")
            #expect(Host.hasLink("chkuser"))
        }
    }

    @Test func vethThatIsNotOnItsBridge() throws {
        try withCheckedContainer(8) { _, box in
            shell("ip link set \(box.id.prefix(5)) nomaster")
            try CheckReport.expectRepair("veth", String(box.id.prefix(5)))
            #expect(mydocker("exec", "chkbox", "ping", "-c", "1", "-W", "2", "10.210.8.1").code == 0)
        }
    }

    @Test(arguments: [
        "tc qdisc del dev VETH ingress", "tc filter del dev VETH ingress", "bridge link set dev VETH learning on",
        "bridge fdb del MAC dev VETH master", "bridge link set dev VETH hairpin off",
        "ip link set VETH addrgenmode eui64",
        // Somebody else's filter before ours, and in its place.
        "tc filter del dev VETH ingress; "
            + "tc filter add dev VETH ingress protocol all prio 1 handle 7 bpf da bytecode '1,6 0 0 0'",
        "tc filter replace dev VETH ingress protocol all prio 1 handle 1 bpf da bytecode '1,6 0 0 0'",
        "tc qdisc del dev VETH ingress; tc qdisc add dev VETH clsact",
    ])
    func S4_portThatLetsInMore(change: String) throws {
        try withCheckedContainer(17) { _, box in
            let link = String(box.id.prefix(5))
            shell(change.replacing("VETH", with: link).replacing("MAC", with: "02:42:0a:d2:11:02"))
            try CheckReport.expectRepair("veth", link)
        }
    }

    @Test(arguments: ["ipv4/conf/chk/rp_filter 0", "ipv4/conf/chk/route_localnet 0", "ipv6/conf/chk/disable_ipv6 0"])
    func S5_S6_settingOfABridge(setting: String) throws {
        try withCheckedContainer(18) { _, _ in
            let words = setting.split(separator: " ")
            shell("echo \(words[1]) >/proc/sys/net/\(words[0])")
            try CheckReport.expectRepair("bridge", "chk")
        }
    }

    /// What a run would put right is found as well.
    @Test(arguments: [
        ("bridge", "chk", "ip link set chk down"), ("veth", "VETH", "ip link set VETH down"),
        ("bridge", "net/ipv4/ip_forward", "echo 0 >/proc/sys/net/ipv4/ip_forward"),
    ])
    func whatIsSwitchedOff(leakClass: String, what: String, change: String) throws {
        try withCheckedContainer(22) { _, box in
            let link = String(box.id.prefix(5))
            shell(change.replacing("VETH", with: link))
            try CheckReport.expectRepair(leakClass, what.replacing("VETH", with: link))
            #expect(mydocker("exec", "chkbox", "ping", "-c", "1", "-W", "2", "10.210.22.1").code == 0)
        }
    }

    @Test func bridgeWithoutANetwork() throws {
        try withCheckedContainer(9) { _, _ in
            shell("ip link add chkorphan type bridge; ip link set chkorphan alias mydocker:\(nobodyShort)")
            try CheckReport.expectRepair("bridge", "chkorphan")
            // Without our mark it is somebody else's.
            shell("ip link add chkorphan type bridge; ip link set chkorphan alias mine")
            defer { shell("ip link delete chkorphan") }
            try CheckReport.expectClean()
        }
    }

    @Test func bridgeThatIsMissing() throws {
        // The socket of a published port stays bound to the number that the deleted bridge had.
        try withCheckedContainer(10, ports: []) { _, _ in
            shell("ip link delete chk")
            try CheckReport.expectRepair("bridge", "chk")
            #expect(mydocker("exec", "chkbox", "ping", "-c", "1", "-W", "2", "10.210.10.1").code == 0)
        }
    }

    @Test func aNetworkThatIsNotInUseNeedsNoBridge() throws {
        let network = try TestNetwork("chk", "10.210.11.1/24")
        defer { network.remove() }
        shell("ip link delete chk")
        try CheckReport.expectClean()
    }

    @Test func namespaceWithAName() throws {
        try withCheckedContainer(12) { _, box in
            shell("ip netns attach chkns \(box.pid)")
            try CheckReport.expectRepair("netns", "/chkns")
            shell("ip netns add \(nobodyShort)")
            try CheckReport.expectRepair("netns", "/\(nobodyShort)")
            // Another one's is none of our business.
            shell("ip netns add chkother")
            defer { shell("ip netns delete chkother") }
            // Docker's are called by twelve digits, in a place of its own.
            let docker = "/run/chkdocker/\(nobodyShort)"
            shell("mkdir /run/chkdocker; touch \(docker); mount --bind /proc/self/ns/net \(docker)")
            defer { shell("umount \(docker); rm -r /run/chkdocker") }
            try CheckReport.expectClean()
        }
    }
}

// MARK: - Containers

extension CLI.SystemCheck {
    /// In every hierarchy that there is.
    @Test func cgroupOfNobody() throws {
        try withCheckedContainer(13) { _, _ in
            let points = Host.shell("awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts").lines
            #expect(points.count > 0)
            for point in points { shell("mkdir -p \(point)/mydocker/\(nobody)") }
            #expect(try CheckReport.take().classes["cgroup"] == points.count)
            try CheckReport.expectRepair("cgroup", nobody)
        }
    }

    @Test func mountThatTheHostSees() throws {
        try withCheckedContainer(14) { _, box in
            let directory = "\(state)/containers/\(box.id)/upper/chk mount"
            shell("mkdir '\(directory)'; mount -t tmpfs tmpfs '\(directory)'")
            try CheckReport.expectRepair("mount", directory)
            shell("rmdir '\(directory)'")
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
            shell("NETWORK=\(network.runtime); \(planting)")
            try CheckReport.expectRepair("state", path)
        }
    }

    @Test func nameThatWasLost() throws {
        try withCheckedContainer(15) { _, _ in
            succeed("run", "--name", "chkended", "--net", "none", "true")
            shell("rm \(state)/names/chkended")
            try CheckReport.expectRepair("state", "\(state)/names/chkended")
            succeed("rm", "chkended")
        }
    }

    /// It is found by its name all the same.
    @Test func nameOfANetworkThatWasLost() throws {
        try withCheckedContainer(15) { network, _ in
            let link = "\(state)/network-names/chk"
            shell("rm \(link)")
            #expect(succeed("network", "inspect", "-f", "{{.Id}}", "chk").word == network.id)
            #expect(mydocker("network", "create", "chk").error.contains("already exists"))
            try CheckReport.expectRepair("state", link)
        }
    }

    @Test func workspaceOfADeadImport() throws {
        succeed("run", "--rm", "--net", "none", "true")
        shell("mkdir -p \(state)/images/temporary/1-abc; touch \(state)/images/temporary/1-abc/lock")
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
            shell("cp -p \(path) \(path).kept; echo '{\"id\": 1' >\(path)")
            defer { shell("mv \(path).kept \(path)") }
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
            shell("mkdir \(state)/containers/\(nobody); touch \(state)/containers/\(nobody)/log.json")
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
