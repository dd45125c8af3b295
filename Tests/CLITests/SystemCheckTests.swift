import Foundation
import Testing

extension CLI {
    /// One leak is planted by hand in each class that networks have: it is found, named, put right, and then nothing is found.
    @Suite(.serialized) struct SystemCheck {
        init() { prepareForChecks() }
    }
}

private let state = "/var/lib/mydocker"
private let runtime = "/run/mydocker"
/// Of a container that never was.
private let nobody = String(repeating: "0123456789abcdef", count: 4)
private let nobodyShort = "0123456789ab"

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
            inShell("mkdir -p \(state)/containers/\(nobody); touch \(state)/containers/\(nobody)/log.json")
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
            inShell(
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
            inShell("rm \(network.runtime)/pool")
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
            inShell("iptables-legacy \(rule)")
            try CheckReport.expectRepair("rule", rule.contains("chkgone") ? "chkgone" : nobodyShort)
        }
    }

    @Test(arguments: [
        "-t nat -F MYDOCKER-DNAT", "-F MYDOCKER-FORWARD", "-D FORWARD -j MYDOCKER-EGRESS", "-t nat -F OUTPUT",
        "-I FORWARD -j MYDOCKER-FORWARD",
    ])
    func ruleThatIsMissingOrThereTwice(change: String) throws {
        try withCheckedContainer(5, options: ["--firewall", "iptables"]) { _, _ in
            inShell("iptables-legacy \(change)")
            let report = try CheckReport.take()
            #expect(report.found == ["rule"])
            #expect(try CheckReport.take("--repair").clean)
        }
    }

    @Test func vethOfNobody() throws {
        try withCheckedContainer(6) { _, _ in
            inShell("ip link add abcde type veth peer name chkpeer; ip link set abcde master chk up")
            try CheckReport.expectRepair("veth", "abcde")
            #expect(!Host.hasLink("abcde"))
        }
    }

    /// What is not named as ours are is taken off the bridge, and stays.
    @Test func vethOfTheHostsOwner() throws {
        try withCheckedContainer(7) { _, _ in
            inShell("ip link add chkuser type veth peer name chkpeer; ip link set chkuser master chk up")
            defer { inShell("ip link delete chkuser") }
            try CheckReport.expectRepair("veth", "chkuser")
            #expect(Host.hasLink("chkuser"))
        }
    }

    @Test func vethThatIsNotOnItsBridge() throws {
        try withCheckedContainer(8) { _, box in
            inShell("ip link set \(box.id.prefix(5)) nomaster")
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
            inShell(change.replacing("VETH", with: link).replacing("MAC", with: "02:42:0a:d2:11:02"))
            try CheckReport.expectRepair("veth", link)
        }
    }

    @Test(arguments: ["ipv4/conf/chk/rp_filter 0", "ipv4/conf/chk/route_localnet 0", "ipv6/conf/chk/disable_ipv6 0"])
    func S5_S6_settingOfABridge(setting: String) throws {
        try withCheckedContainer(18) { _, _ in
            let words = setting.split(separator: " ")
            inShell("echo \(words[1]) >/proc/sys/net/\(words[0])")
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
            inShell(change.replacing("VETH", with: link))
            try CheckReport.expectRepair(leakClass, what.replacing("VETH", with: link))
            #expect(mydocker("exec", "chkbox", "ping", "-c", "1", "-W", "2", "10.210.22.1").code == 0)
        }
    }

    @Test func bridgeWithoutANetwork() throws {
        try withCheckedContainer(9) { _, _ in
            inShell("ip link add chkorphan type bridge; ip link set chkorphan alias mydocker:\(nobodyShort)")
            try CheckReport.expectRepair("bridge", "chkorphan")
            // Without our mark it is somebody else's.
            inShell("ip link add chkorphan type bridge; ip link set chkorphan alias mine")
            defer { inShell("ip link delete chkorphan") }
            try CheckReport.expectClean()
        }
    }

    @Test func bridgeThatIsMissing() throws {
        // The socket of a published port stays bound to the number that the deleted bridge had.
        try withCheckedContainer(10, ports: []) { _, _ in
            inShell("ip link delete chk")
            try CheckReport.expectRepair("bridge", "chk")
            #expect(mydocker("exec", "chkbox", "ping", "-c", "1", "-W", "2", "10.210.10.1").code == 0)
        }
    }

    @Test func aNetworkThatIsNotInUseNeedsNoBridge() throws {
        let network = try TestNetwork("chk", "10.210.11.1/24")
        defer { network.remove() }
        inShell("ip link delete chk")
        try CheckReport.expectClean()
    }

    @Test func namespaceWithAName() throws {
        try withCheckedContainer(12) { _, box in
            inShell("ip netns attach chkns \(box.pid)")
            try CheckReport.expectRepair("netns", "/chkns")
            inShell("ip netns add \(nobodyShort)")
            try CheckReport.expectRepair("netns", "/\(nobodyShort)")
            // Another one's is none of our business.
            inShell("ip netns add chkother")
            defer { inShell("ip netns delete chkother") }
            // Docker's are called by twelve digits, in a place of its own.
            let docker = "/run/chkdocker/\(nobodyShort)"
            inShell("mkdir /run/chkdocker; touch \(docker); mount --bind /proc/self/ns/net \(docker)")
            defer { inShell("umount \(docker); rm -r /run/chkdocker") }
            try CheckReport.expectClean()
        }
    }
}
