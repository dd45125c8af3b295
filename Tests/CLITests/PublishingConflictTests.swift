import Foundation
import Testing

extension CLI.Publishing {
    private func rules(for port: Int) -> [String] { Host.rules("nat").filter { $0.contains("--dport \(port) ") } }

    /// A run that must fail with code 125, say why, and leave nothing.
    private func expectRefusal(
        _ flags: [String], _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for mode in ["--rm", "-d"] {
            let outcome = Host.run([Host.mydocker, "run", mode] + flags + ["true"], sourceLocation: sourceLocation)
            #expect(outcome.code == 125, "\(flags): \(outcome.error)", sourceLocation: sourceLocation)
            #expect(outcome.error.contains(text), "\(flags): \(outcome.error)", sourceLocation: sourceLocation)
            #expect(outcome.text == "", "\(flags)", sourceLocation: sourceLocation)
        }
    }

    @Test func B59a_aPortOfAnotherContainer() throws {
        let network = try TestNetwork("cpc", "10.201.110.1/24")
        let other = try TestNetwork("cpc2", "10.201.111.1/24")
        defer { for network in [network, other] { network.remove() } }
        let box = try Box("cpc1", on: "cpc", ["-p", "20210:80", "-p", "20210-20212:80-82/udp"])
        defer { box.remove() }
        Host.settle()
        Ledger.expectUnchanged {
            for name in ["cpc", "cpc2"] {
                for (port, address) in [
                    ("20210:90", "0.0.0.0:20210"), ("127.0.0.1:20210:90", "127.0.0.1:20210"),
                    ("20209-20211:80-82", "0.0.0.0:20210"), ("20211:80/udp", "0.0.0.0:20211"),
                ] {
                    expectRefusal(
                        ["--net", name, "-p", port],
                        "Bind for \(address) failed: port is already allocated (by container \"cpc1\")")
                }
            }
        }
        // The same number is free for the other protocol, and next to it.
        succeed("run", "--rm", "--net", "cpc2", "-p", "20211:80", "-p", "20213:80/udp", "true")
    }

    @Test func B59a_aPortOfAProgramOfTheHost() throws {
        let network = try TestNetwork("cpp", "10.201.112.1/24")
        defer { network.remove() }
        Host.settle()
        for transport in Transport.allCases {
            try Server.with(.host, transport, 20214, address: "127.0.0.1", name: "host") { _ in
                Ledger.expectUnchanged {
                    let comm = Host.read("/proc/self/comm")
                    expectRefusal(
                        ["--net", "cpp", "-p", "20214:80/\(transport)"],
                        "Bind for 0.0.0.0:20214 failed: port is already allocated (by \(comm), pid \(getpid()))")
                }
                // It goes on working: nothing takes its packets.
                #expect(Place.host.ask(transport, "127.0.0.1", 20214) == .said("host to 127.0.0.1"))
            }
        }
        expectRefusal(
            ["--net", "cpp", "-p", "10.9.9.9:20214:80"], "Bind for 10.9.9.9:20214 failed: no address of this host")
        expectRefusal(["--net", "cpp", "-p", "20214:80", "-p", "20214:81"], "port 20214/tcp is published twice")
        expectRefusal(
            ["--net", "cpp", "-p", "20214-20216:80-82", "-p", "20215:90"], "port 20215/tcp is published twice")
    }

    @Test func B59b_specificationsThatAreNone() throws {
        let network = try TestNetwork("cpbad", "10.201.113.1/24")
        defer { network.remove() }
        Host.settle()
        Ledger.expectUnchanged {
            for spec in [
                "", "x", ":", "::", "80:", "80:x", "x:80", "80:0", "65536:80", "80:65536", "-1:80", "080:80", " 80:80",
                "80-79:80", "80-81:80-82", "80:80-81", "80:80/x", "80:80/", "80:80/tcp/udp", "1.2.3:80:80", "1:2:3:4",
                "80:80:80", "0.0.0.0::", "1.2.3.4.5:80:80", "224.0.0.1:80:80", "255.255.255.255:80:80",
            ] {
                let outcome = mydocker("run", "--rm", "--net", "cpbad", "-p", spec, "true")
                #expect(outcome.code == 125, "\(spec)")
                #expect(
                    outcome.error.hasPrefix("invalid argument \"\(spec)\" for \"-p, --publish\" flag: "),
                    "\(spec): \(outcome.error)")
                #expect(outcome.text == "")
            }
        }
    }

    /// B59, and R9.1: whatever a port was, it is free again, and no rule names it.
    @Test func B59_aPortIsFreeHoweverTheContainerEnds() throws {
        let network = try TestNetwork("cpend", "10.201.114.1/24", "--firewall", "iptables")
        defer { network.remove() }
        let flags = ["-p", "20216:80", "-p", "20216:80/udp"]
        func start(_ name: String) throws -> Box {
            let box = try Box(name, on: "cpend", flags + ["--stop-timeout", "0"])
            #expect(rules(for: 20216).count == 2)
            #expect(rules(for: 20216).allSatisfy { $0.contains("\(box.address):80") }, "\(rules(for: 20216))")
            return box
        }
        // By itself; the foreground has cleared up when it returns.
        #expect(Host.run([Host.mydocker, "run", "--name", "cpend1", "--net", "cpend"] + flags + ["true"]).code == 0)
        #expect(rules(for: 20216) == [])
        let stopped = try start("cpend2")
        succeed("stop", "cpend2")
        #expect(rules(for: 20216) == [])
        let killed = try start("cpend3")
        succeed("kill", "cpend3")
        #expect(rules(for: 20216) == [])
        let removed = try start("cpend4")
        removed.remove()
        #expect(rules(for: 20216) == [])
        // Its rules outlive a supervisor that is killed, until the next one needs the port.
        let dead = try start("cpend5")
        dead.killSupervisor()
        #expect(Host.run(["ss", "-Hltnu", "sport", "=", "20216"]).text == "")
        let last = try start("cpend6")
        #expect(last.address != dead.address)
        try Server.with(last.place, .tcp, 80, name: "last") { _ in
            #expect(Place.host.ask(.tcp, "127.0.0.1", 20216) == .said("last to 10.201.114.1"))
        }
        for box in [stopped, killed, dead, last] { box.remove() }
        succeed("rm", "cpend1")
        #expect(rules(for: 20216) == [])
    }

    /// R9.1
    @Test func aPublishedPortIsHeld() throws {
        let network = try TestNetwork("cphold", "10.201.115.1/24")
        defer { network.remove() }
        let box = try Box(
            "cphold1", on: "cphold", ["-p", "20217:80", "-p", "20217:80/udp", "-p", "127.0.0.1:20218:80"])
        for (flag, port, address) in [("t", 20217, "0.0.0.0"), ("u", 20217, "0.0.0.0"), ("t", 20218, "127.0.0.1")] {
            let lines = Host.run(["ss", "-4", "-Hln\(flag)p", "sport", "=", "\(port)"]).lines
            #expect(lines.count == 1)
            #expect(lines.first?.contains("pid=\(box.supervisor),") == true, "\(lines)")
            #expect(lines.first?.contains(address) == true, "\(lines)")
        }
        for transport in Transport.allCases {
            #expect(Server.failure(.host, transport, 20217) == EADDRINUSE)
            #expect(Server.failure(.host, transport, 20217, address: "127.0.0.1") == EADDRINUSE)
        }
        #expect(Server.failure(.host, .tcp, 20218, address: "127.0.0.1") == EADDRINUSE)
        #expect(Server.failure(.host, .tcp, 20218, address: "127.0.0.2") == nil)
        box.remove()
        for transport in Transport.allCases { #expect(Server.failure(.host, transport, 20217) == nil) }
    }

    @Test func exposedPortsArePublishedAtFreePorts() throws {
        let image = "cpexpose"
        let made = Host.shell(
            """
            set -e
            cd "$MYDOCKER_SANDBOX_SCRATCH"; mkdir -p cpexpose/bin; cp "$(command -v busybox)" cpexpose/bin/busybox
            ln -sf busybox cpexpose/bin/sleep
            tar -C cpexpose -cf cpexpose.tar .
            $MYDOCKER import -c 'EXPOSE 90 91/udp' cpexpose.tar \(image)
            """)
        try #require(made.code == 0, "\(made.error)")
        defer { succeed("rmi", image) }
        let network = try TestNetwork("cpexp", "10.201.116.1/24")
        defer { network.remove() }
        let box = try Box("cpexp1", on: "cpexp", ["-P", image])
        defer { box.remove() }
        let lines = succeed("port", "cpexp1").lines
        #expect(lines.count == 2 && lines.first?.hasPrefix("90/tcp -> 0.0.0.0:") == true)
        #expect(lines.last?.hasPrefix("91/udp -> 0.0.0.0:") == true)
        for (transport, port, line) in [(Transport.tcp, UInt16(90), lines.first), (.udp, 91, lines.last)] {
            let published = try #require(line?.split(separator: ":").last.flatMap { UInt16($0) })
            try Server.with(box.place, transport, port, name: "box") { _ in
                #expect(Place.host.ask(transport, "127.0.0.1", published) == .said("box to 10.201.116.1"))
            }
        }
    }

    /// R3.3, R6.1: what others have in the tables stays what and where it is.
    @Test(arguments: [false, true]) func foreignRulesStayWhatAndWhereTheyAre(besideANetwork: Bool) throws {
        let earlier = besideANetwork ? try TestNetwork("cpearlier", "10.201.119.1/24") : nil
        defer { earlier?.remove() }
        let foreign = [
            ("filter", "FORWARD", "-s 192.0.2.1/32 -j DROP"), ("filter", "INPUT", "-s 192.0.2.2/32 -p udp -j DROP"),
            ("filter", "FORWARD", "-s 192.0.2.3/32 -m comment --comment \"not mydocker-000000000000\" -j ACCEPT"),
            ("nat", "PREROUTING", "-s 192.0.2.4/32 -j RETURN"), ("nat", "POSTROUTING", "-s 192.0.2.5/32 -j ACCEPT"),
            ("nat", "OUTPUT", "-d 192.0.2.6/32 -j RETURN"),
        ]
        let saved = Host.run(["iptables-legacy-save"]).text
        for (table, chain, rule) in foreign { Host.shell("iptables-legacy -t \(table) -A \(chain) \(rule)") }
        Host.shell(
            "iptables-legacy -N FOREIGN; iptables-legacy -A FOREIGN -j RETURN; iptables-legacy -I FORWARD -j FOREIGN")
        defer { Host.run(["iptables-legacy-restore"], input: Data(saved.utf8)) }
        func others() -> [String] {
            ["filter", "nat"].flatMap { Host.rules($0) }
                .filter { !$0.contains("MYDOCKER") && !$0.contains("cpforeign") }
        }
        let before = others()
        try #require(before.filter { $0.hasPrefix("-A") }.count >= 8)
        try Ledger.expectUnchanged {
            let network = try TestNetwork("cpforeign", "10.201.117.1/24", "--firewall", "iptables")
            #expect(others() == before)
            // A place for the user's own rules, which are looked at first.
            Host.run(["iptables-legacy", "-A", "MYDOCKER-USER", "-s", "192.0.2.7", "-j", "DROP"])
            let box = try Box("cpforeign1", on: "cpforeign", ["-p", "20219:80"])
            #expect(others() == before)
            #expect(Host.rules("filter", "MYDOCKER-USER").contains("-A MYDOCKER-USER -s 192.0.2.7/32 -j DROP"))
            let ours = Host.rules("filter", "FORWARD").filter { $0.contains("MYDOCKER") }
            #expect(ours.first == "-A FORWARD -j MYDOCKER-USER")
            Host.run(["iptables-legacy", "-F", "MYDOCKER-USER"])
            box.remove()
            network.remove()
            #expect(others() == before)
            Host.settle()
        }
    }

    /// R4.3, B59d: nobody's rule is lost when others write the tables at the same time.
    @Test func B59d_otherWritersOfTheTablesLoseNothing() throws {
        let network = try TestNetwork("cplock", "10.201.118.1/24", "--firewall", "iptables")
        defer { network.remove() }
        let outcome = Host.shell(
            """
            iptables-legacy -t nat -N FOREIGN
            for i in $(seq 60); do iptables-legacy -w -t nat -A FOREIGN -s 192.0.2.$i -j RETURN || echo lost; done &
            for run in 1 2 3; do
                for i in 1 2 3 4 5 6; do $MYDOCKER run --rm --net cplock -p $((20220 + run)):80 true || echo failed; done &
            done
            wait
            """)
        defer { Host.shell("iptables-legacy -t nat -F FOREIGN; iptables-legacy -t nat -X FOREIGN") }
        #expect(outcome.text == "" && outcome.error == "", "\(outcome.text)\(outcome.error)")
        #expect(Host.rules("nat", "FOREIGN").filter { $0.hasPrefix("-A") }.count == 60)
        #expect(Host.rules("nat", "MYDOCKER-DNAT").filter { $0.hasPrefix("-A") } == [])
        #expect(Host.rules("nat").filter { $0.contains("MASQUERADE") && $0.contains("cplock") }.count == 1)
    }

    /// R3.4: a rule for the same port that is nobody's we know is not lost against in silence.
    @Test func aForeignRuleForThePortIsNamed() throws {
        let network = try TestNetwork("cprule", "10.201.119.1/24", "--firewall", "iptables")
        defer { network.remove() }
        let rule = [
            "-t", "nat", "MYDOCKER-DNAT", "-p", "tcp", "--dport", "20224", "-j", "DNAT", "--to-destination",
            "192.0.2.1:80",
        ]
        Host.run(["iptables-legacy"] + rule.prefix(2) + ["-I"] + rule.dropFirst(2))
        expectRefusal(["--net", "cprule", "-p", "20224:80"], "20224")
        Host.run(["iptables-legacy"] + rule.prefix(2) + ["-D"] + rule.dropFirst(2))
        succeed("run", "--rm", "--net", "cprule", "-p", "20224:80", "true")
    }
}
