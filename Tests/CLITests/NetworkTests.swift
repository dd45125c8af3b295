import Foundation
import Testing

extension CLI {
    @Suite(.serialized) struct Networks {
        init() { Host.switchRoutingOn() }
    }
}

extension CLI.Networks {
    @Test func B36_createPrintsTheIDAlone() throws {
        let created = mydocker("network", "create", "--driver", "bridge", "--subnet", "10.201.1.1/24", "cnid")
        defer { succeed("network", "rm", "cnid") }
        #expect(created.code == 0)
        #expect(created.error == "")
        #expect(created.text.wholeMatch(of: /[0-9a-f]{64}\n/) != nil, "\(created.text)")
        #expect(succeed("network", "inspect", "-f", "{{.Id}}", "cnid").word == created.word)
        #expect(created.word.hasPrefix(succeed("network", "ls", "-q", "--filter", "name=cnid").word))
    }

    @Test(arguments: [
        (["--subnet", "10.201.2.1/24"], "10.201.2.1/24"),
        (["--subnet", "10.201.2.77/24"], "10.201.2.77/24"),
        (["--subnet", "10.201.2.0/24"], "10.201.2.1/24"),
        (["--subnet", "10.201.2.0/24", "--gateway", "10.201.2.254"], "10.201.2.254/24"),
        (["-subnet=10.201.2.9/24", "-driver", "bridge", "--gateway=10.201.2.3"], "10.201.2.3/24"),
        (["--subnet", "10.201.2.64/26"], "10.201.2.65/26"),
        (["--subnet", "10.201.2.4/30"], "10.201.2.5/30"),
    ])
    func B13_B15_gatewayIsTheHostPartOrTheFirstAddress(flags: [String], gateway: String) throws {
        let outcome = Host.run([Host.mydocker, "network", "create"] + flags + ["cnform"])
        try #require(outcome.code == 0, "\(outcome.error)")
        defer { succeed("network", "rm", "cnform") }
        let link = Host.run(["ip", "addr", "show", "cnform"]).text
        #expect(link.contains("inet \(gateway) brd"), "\(link)")
        #expect(link.firstMatch(of: /<[A-Z,-]*\bUP\b[A-Z,_-]*>/) != nil, "\(link)")
        #expect(succeed("network", "ls", "--filter", "name=cnform").text.contains("   \(gateway)   bridge"))
    }

    @Test func B95_flagsMayFollowTheName() throws {
        succeed("network", "create", "cnflags", "--subnet", "10.201.3.0/24", "-o", "mtu=1300", "--internal")
        defer { succeed("network", "rm", "cnflags") }
        let link = Host.run(["ip", "addr", "show", "cnflags"]).text
        #expect(link.contains("inet 10.201.3.1/24"))
        #expect(link.contains("mtu 1300"))
        #expect(succeed("network", "inspect", "-f", "{{.Internal}}", "cnflags").word == "true")
    }

    @Test func withoutSubnetAFreeOneIsChosen() throws {
        var subnets: [String] = []
        for name in ["cnauto1", "cnauto2"] {
            succeed("network", "create", name)
            let config = "{{(index .IPAM.Config 0).Subnet}} {{(index .IPAM.Config 0).Gateway}}"
            let words = succeed("network", "inspect", "-f", config, name).word.split(separator: " ").map(String.init)
            subnets.append(try #require(words.first))
            #expect(Host.run(["ip", "addr", "show", name]).text.contains("inet \(words[1])/"))
        }
        defer { succeed("network", "rm", "cnauto1", "cnauto2") }
        // Two networks that the host routes apart from each other.
        for (subnet, device) in zip(subnets, ["cnauto1", "cnauto2"]) {
            let probe = subnet.replacing(/\.0\/[0-9]+$/, with: ".77")
            #expect(Host.run(["ip", "route", "get", probe]).text.contains("dev \(device) "), "\(subnets)")
        }
    }

    @Test func B14_aFreeSubnetIsNeitherRoutedNorTheHosts() throws {
        try Outside.with { _ in
            succeed("network", "create", "cnauto")
            let first = succeed("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "cnauto").word
            succeed("network", "rm", "cnauto")
            Host.run(["ip", "route", "add", first, "via", Outside.address])
            succeed("network", "create", "cnauto")
            defer { succeed("network", "rm", "cnauto") }
            #expect(succeed("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "cnauto").word != first)
        }
    }

    @Test func B20_B21_oneMasqueradeRuleAndNoneAfterRemoval() throws {
        func masquerades() -> [String] {
            Host.rules("nat").filter { $0.contains("10.201.4.0/24") && $0.contains("MASQUERADE") }
        }
        Host.settle()
        try Ledger.expectUnchanged {
            for _ in 1...5 {
                let network = try TestNetwork("cnmasq", "10.201.4.1/24", "--firewall", "iptables")
                let found = masquerades()
                #expect(found.count == 1, "\(found)")
                #expect(found.first?.contains("-s 10.201.4.0/24 ! -o cnmasq -j MASQUERADE") == true)
                network.remove()
                #expect(masquerades() == [])
            }
        }
    }

    @Test func B37_routingIsSwitchedOn() throws {
        Host.write("0", to: "/proc/sys/net/ipv4/ip_forward")
        let network = try TestNetwork("cnfwd", "10.201.5.1/24")
        defer { network.remove() }
        #expect(Host.read("/proc/sys/net/ipv4/ip_forward") == "1")
    }

    @Test func theBridgeHasTheNameThatIsAskedFor() throws {
        let network = try TestNetwork(
            "cn-a-name-of-many-letters", "10.201.12.0/24", "--attachable", "--ipv6=false", "--ipam-driver", "default",
            "--scope", "local", "-o", "com.docker.network.bridge.name=cnbr0")
        defer { network.remove() }
        #expect(Host.hasLink("cnbr0"))
        succeed("run", "--rm", "--net", network.name, "true")
        let other = mydocker("network", "create", "-o", "name=cnbr0", "cnother")
        #expect(other.code == 1 && other.error.contains("an interface of that name exists"))
        #expect(other.error.contains("give the network's bridge another name"))
        let same = mydocker("network", "create", "--ignore", "-o", "name=cnbr1", network.name)
        #expect(same.code == 0 && same.error.contains("its bridge is cnbr0, not cnbr1"), "\(same.error)")
        for (flags, code) in [
            (["--ingress"], 125), (["--scope", "swarm"], 125), (["--ipam-driver", "dhcp"], 1), (["-o", "name=a/b"], 1),
            (["-o", "name=a23456789012345x"], 1), (["-o", "name="], 1), (["-o", "other=1"], 1),
        ] as [([String], Int32)] {
            let outcome = Host.run([Host.mydocker, "network", "create"] + flags + ["cnother"])
            #expect(outcome.code == code && outcome.text.isEmpty, "\(flags): \(outcome.error)")
        }
        #expect(!Host.hasLink("cnother"))
    }

    @Test func B34_B35_listIsAlignedAndSorted() throws {
        let mine = ["--filter", "label=cnlist"]
        #expect(Host.run([Host.mydocker, "network", "list"] + mine).text == "NAME        IpRange     Driver\n")
        let names = ["zeta", "testbridge", "alpha"]
        for (index, name) in names.enumerated() {
            succeed("network", "create", "--subnet", "10.201.\(6 + index).1/24", "--label", "cnlist", name)
        }
        defer { succeed("network", "remove", "zeta", "testbridge", "alpha") }
        let expected = """
            NAME         IpRange         Driver
            alpha        10.201.8.1/24   bridge
            testbridge   10.201.7.1/24   bridge
            zeta         10.201.6.1/24   bridge

            """
        for alias in ["list", "ls"] { #expect(Host.run([Host.mydocker, "network", alias] + mine).text == expected) }
        let all = succeed("network", "ls", "--format", "{{.Name}}").lines
        #expect(all == all.sorted() && all.contains("alpha"))
    }

    @Test(arguments: ["remove", "rm", "delete"])
    func removeEchoesWhatWasTyped(alias: String) throws {
        let first = try TestNetwork("cnrm1", "10.201.9.0/24")
        _ = try TestNetwork("cnrm2", "10.201.10.0/24")
        let id = succeed("network", "inspect", "-f", "{{.Id}}", first.name).word
        let outcome = mydocker("network", alias, String(id.prefix(12)), "cnrm2")
        #expect(outcome.code == 0 && outcome.error == "")
        #expect(outcome.text == "\(id.prefix(12))\ncnrm2\n")
        #expect(!Host.hasLink("cnrm1") && !Host.hasLink("cnrm2"))
    }

    @Test func inspectIsJSON() throws {
        let network = try TestNetwork("cninsp", "10.201.11.9/24", "--label", "a=b")
        defer { network.remove() }
        let box = try Box("cninspbox", on: "cninsp")
        defer { box.remove() }
        let json = try JSONSerialization.jsonObject(with: succeed("network", "inspect", "cninsp").output)
        let all = try #require(json as? [[String: Any]])
        let object = try #require(all.first)
        #expect(all.count == 1)
        #expect(object["Name"] as? String == "cninsp")
        #expect(object["Driver"] as? String == "bridge")
        #expect(object["Labels"] as? [String: String] == ["a": "b"])
        let config = (object["IPAM"] as? [String: Any])?["Config"] as? [[String: String]]
        #expect(config == [["Subnet": "10.201.11.0/24", "Gateway": "10.201.11.9"]])
        // B19: the owner of an address is known.
        let member = (object["Containers"] as? [String: [String: Any]])?[box.id]
        #expect(member?["Name"] as? String == "cninspbox")
        #expect(member?["IPv4Address"] as? String == "\(box.address)/24")

        let both = mydocker("network", "inspect", "nosuch", "cninsp")
        #expect(both.code == 1)
        #expect(both.error.contains("network nosuch not found"))
        #expect(((try? JSONSerialization.jsonObject(with: both.output)) as? [Any])?.count == 1)
    }

    @Test func B27_aNameThatIsNoInterfaceNameGetsABridgeOfItsOwn() throws {
        for (name, isDevice) in [("exactly15bytes_", true), ("sixteen_bytes_xx", false), ("all", false)] {
            Host.settle()
            try Ledger.expectUnchanged {
                let network = try TestNetwork(name, "10.201.12.0/24")
                let device = succeed(
                    "network", "inspect", "-f", #"{{index .Options "com.docker.network.bridge.name"}}"#, name
                ).word
                #expect(
                    isDevice ? device == name : device.wholeMatch(of: /br-[0-9a-f]{12}/) != nil, "\(name): \(device)")
                #expect(Host.run(["ip", "addr", "show", device]).text.contains("inet 10.201.12.1/24"))
                #expect(succeed("run", "--rm", "--net", name, "ping", "-c", "1", "10.201.12.1").code == 0)
                network.remove()
            }
        }
    }

    @Test func B40_bridgeTakesTheMTUOfTheDefaultRoute() throws {
        try Outside.with(mtu: 1400, isUplink: true) { _ in
            let network = try TestNetwork("cnmtu", "10.201.13.0/24")
            defer { network.remove() }
            #expect(Host.read("/sys/class/net/cnmtu/mtu") == "1400")
            #expect(succeed("run", "--rm", "--net", "cnmtu", "cat", "/sys/class/net/eth0/mtu").word == "1400")
            // A bridge follows its ports when they leave, unless it was told.
            Host.wait { Host.run(["ip", "link", "show", "master", "cnmtu"]).text == "" }
            #expect(Host.read("/sys/class/net/cnmtu/mtu") == "1400")
            let box = try Box("cnmtubox", on: "cnmtu")
            #expect(Host.run(["ip", "-o", "link", "show", "master", "cnmtu"]).text.contains("mtu 1400"))
            box.remove()

            let other = try TestNetwork("cnmtu2", "10.201.14.0/24", "-o", "com.docker.network.driver.mtu=1250")
            #expect(Host.read("/sys/class/net/cnmtu2/mtu") == "1250")
            #expect(succeed("run", "--rm", "--net", "cnmtu2", "cat", "/sys/class/net/eth0/mtu").word == "1250")
            other.remove()
        }
    }

    @Test func B39_bridgeKeepsItsMAC() throws {
        let network = try TestNetwork("cnmac", "10.201.15.0/24")
        defer { network.remove() }
        func mac() -> String { Host.read("/sys/class/net/cnmac/address") }
        let before = mac()
        #expect(before.wholeMatch(of: /([0-9a-f]{2}:){5}[0-9a-f]{2}/) != nil)
        // An unset bridge takes the lowest MAC of its ports.
        let first = try Box("cnmac1", on: "cnmac", ["--mac-address", "02:00:00:00:00:01"])
        #expect(mac() == before)
        let second = try Box("cnmac2", on: "cnmac")
        #expect(mac() == before)
        first.remove()
        second.remove()
        #expect(mac() == before)
    }

    @Test func B30_aNetworkSurvivesAReboot() throws {
        let network = try TestNetwork("cnboot", "10.201.16.5/24")
        defer { network.remove() }
        succeed("run", "--rm", "--net", "cnboot", "true")
        // What a reboot takes away.
        Host.shell(
            """
            ip -o link show type bridge | grep 'alias mydocker:' | sed 's/^[0-9]*: \\([^:@]*\\).*/\\1/' |
                while read -r bridge; do ip link delete $bridge; done
            rm -rf /run/mydocker
            for table in filter nat; do iptables-legacy -t $table -F; iptables-legacy -t $table -X; done
            nft flush ruleset
            echo 0 >/proc/sys/net/ipv4/ip_forward
            """)
        #expect(!Host.hasLink("cnboot"))
        #expect(succeed("network", "ls", "--format", "{{.Name}}").lines.contains("cnboot"))
        try Outside.with { outside in
            let box = try Box("cnbootbox", on: "cnboot", ["-p", "20116:80"])
            defer { box.remove() }
            #expect(Host.run(["ip", "addr", "show", "cnboot"]).text.contains("inet 10.201.16.5/24"))
            #expect(Host.read("/proc/sys/net/ipv4/ip_forward") == "1")
            let masquerading = Host.rulesOfBoth.filter {
                $0.contains(" 10.201.16.0/24 ") && $0.lowercased().contains("masquerade")
            }
            #expect(masquerading.count == 1, "\(masquerading)")
            try Server.with(box.place, .tcp, 80, name: "box") { _ in
                #expect(outside.place.ask(.tcp, Outside.hostAddress, 20116) == .said("box to \(Outside.address)"))
            }
        }
    }

    /// The kernel takes its time over a bridge; what it still does then is in nobody's way.
    @Test func aNetworkThatIsRemovedIsGone() {
        let outcome = Host.shell(
            """
            m=$MYDOCKER
            for n in $(seq 10); do
              $m network create -o com.docker.network.bridge.name=cngone --subnet 10.201.17.0/24 cngone >/dev/null || echo create $n
              timeout -s KILL 10 $m network rm cngone 2>&1 | cat; ip link show cngone 2>/dev/null && echo link $n
              ip -o link | grep cngone; $m network ls -q --filter name=cngone
            done | sort | uniq -c; $m system check
            """)
        #expect(outcome.lines.map { $0.trimmingCharacters(in: .whitespaces) } == ["10 cngone"], "\(outcome.text)")
    }
}
