import Foundation
import Testing

extension CLI {
    @Suite(.serialized) struct Connectivity {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }
    }
}

extension CLI.Connectivity {
    private func pings(_ container: String, _ address: String) -> Bool {
        mydocker("exec", container, "ping", "-c", "1", "-W", "1", address).code == 0
    }

    @Test func B53_interfaceAddressAndRoutes() throws {
        let network = try TestNetwork("ccif", "10.201.50.1/24")
        defer { network.remove() }
        let output = succeed("run", "--rm", "-net", "ccif", "sh", "-c", "ip r; ip -o addr; ip link").text
        // The layout is that of busybox's ip, with its blank at the end of the first line.
        #expect(
            output.hasPrefix(
                "default via 10.201.50.1 dev eth0 \n10.201.50.0/24 dev eth0 scope link  src 10.201.50.2 \n"),
            "\(output)")
        #expect(output.contains("inet 10.201.50.2/24 brd 10.201.50.255 scope global eth0"))
        #expect(output.contains("inet 127.0.0.1/8 scope host lo"))
        #expect(output.contains("lo: <LOOPBACK,UP,LOWER_UP>"))
        #expect(output.firstMatch(of: /eth0@if[0-9]+: <[A-Z,]*\bUP\b/) != nil, "\(output)")
    }

    @Test func pingsGatewayHostAndOtherContainer() throws {
        let network = try TestNetwork("ccping", "10.201.51.1/24")
        defer { network.remove() }
        try Outside.with { _ in
            let first = try Box("ccping1", on: "ccping")
            let second = try Box("ccping2", on: "ccping")
            defer { for box in [first, second] { box.remove() } }
            #expect(pings("ccping1", "10.201.51.1"))
            #expect(pings("ccping1", Outside.hostAddress))
            #expect(pings("ccping1", second.address) && pings("ccping2", first.address))
            // From the host as well.
            #expect(Host.run(["ping", "-c", "1", "-W", "2", first.address]).code == 0)
            #expect(!pings("ccping1", "10.201.51.250"))
        }
    }

    /// The outside knows no way to the container's subnet: it answers to this host's address.
    @Test(arguments: ["ACCEPT", "DROP"])
    func B37_B38_reachesTheOutsideUnderThisHostsAddress(policy: String) throws {
        try Outside.with { outside in
            let network = try TestNetwork("ccout", "10.201.52.1/24", "--firewall", "iptables")
            defer { network.remove() }
            Host.run(["iptables-legacy", "-P", "FORWARD", policy])
            defer { Host.run(["iptables-legacy", "-P", "FORWARD", "ACCEPT"]) }
            outside.place.run(["ip", "route", "del", "default"])
            let box = try Box("ccoutbox", on: "ccout")
            defer { box.remove() }
            #expect(pings("ccoutbox", Outside.address))
            for transport in Transport.allCases {
                try Server.with(outside.place, transport, 53, name: "outside") { _ in
                    #expect(
                        box.place.ask(transport, Outside.address, 53) == .said("outside to \(Outside.hostAddress)"),
                        "\(transport)")
                }
            }
            #expect(Host.rules("filter", "FORWARD").first == "-P FORWARD \(policy)")
        }
    }

    @Test func B55_hostsFileNamesTheContainer() throws {
        let network = try TestNetwork("cchosts", "10.201.53.1/24")
        defer { network.remove() }
        let box = try Box("cchostsbox", on: "cchosts", ["--hostname", "inner"])
        defer { box.remove() }
        let hosts = succeed("exec", "cchostsbox", "cat", "/etc/hosts").lines.map {
            $0.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        #expect(hosts.contains { $0.first == box.address && $0.contains("inner") })
        #expect(hosts.contains { $0.first == "127.0.0.1" && $0.contains("localhost") })
        #expect(succeed("exec", "cchostsbox", "ping", "-c", "1", "inner").text.contains("(\(box.address))"))
        #expect(succeed("exec", "cchostsbox", "cat", "/etc/hostname").word == "inner")
    }

    @Test func B45_namesOfHostInterfacesThatCollide() throws {
        let network = try TestNetwork("ccveth", "10.201.54.1/24")
        defer { network.remove() }
        // Ids that begin with the same 6 digits: a random word is poked in, last byte first.
        let digits = ["1", "2", "3"]
        defer { for digit in digits { succeed("rm", "-f", "ccveth\(digit)") } }
        for digit in digits {
            let word = String(repeating: digit, count: 10) + "debc9a"
            let outcome = Host.run([
                "strace", "-qqq", "-o", "/dev/null", "-e", "trace=getrandom", "-e",
                "inject=getrandom:poke_exit=@arg1=\(word)", Host.mydocker, "run", "-d", "--name", "ccveth\(digit)",
                "--net", "ccveth", "sleep", "1000",
            ])
            try #require(outcome.code == 0, "\(outcome.error)")
            try #require(outcome.word.hasPrefix("9abcde\(digit)"), "\(outcome.word)")
            #expect(pings("ccveth\(digit)", "10.201.54.1"))
        }
        let ports = Host.run(["ip", "-br", "link", "show", "master", "ccveth"]).lines.compactMap {
            $0.split(separator: "@").first
        }
        #expect(ports.count == 3)
        #expect(Set(ports).count == 3 && ports.contains("9abcd"), "\(ports)")
        #expect(ports.allSatisfy { $0.hasPrefix("9abcd") && $0.utf8.count <= 15 })
    }

    @Test func B50_B52_nothingIsLeftOfAContainer() throws {
        Host.settle()
        try Ledger.expectUnchanged {
            let network = try TestNetwork("ccgone", "10.201.55.1/24")
            defer { network.remove() }
            try Box("ccgone1", on: "ccgone", ["-p", "20155:80"]).remove()
            // What fails late takes back what was done.
            #expect(mydocker("run", "--rm", "--net", "ccgone", "-p", "20155:80", "/nonexistent").code == 127)
            #expect(mydocker("run", "-d", "--net", "ccgone", "-p", "20155:80", "/nonexistent").code == 127)
        }
    }

    @Test(arguments: [
        (["--net", "nosuch"], "network nosuch not found"),
        (["--net", "../x"], "network ../x not found"),
        (
            ["--net", "none", "--ip", "10.201.9.9"],
            "conflicting options: --ip, --ip6 and --mac-address need a bridge network"
        ),
    ])
    func aNetworkThatCannotBe(flags: [String], text: String) {
        Host.settle()
        Ledger.expectUnchanged {
            let outcome = Host.run([Host.mydocker, "run", "--rm"] + flags + ["true"])
            #expect(outcome.code == 125)
            #expect(outcome.error.contains(text), "\(outcome.error)")
            #expect(outcome.text == "")
        }
    }

    /// The sentence is Docker's, which says nothing of `-P` and of `none`.
    @Test(arguments: [
        (["--net", "none", "-p", "80:80"], ""), (["--net", "host", "-P", "--expose", "80"], ""),
        (
            ["--net", "host", "-p", "80:80"],
            "mydocker: warning: Published ports are discarded when using host network mode\n"
        ),
    ])
    func aNetworkWithoutPorts(flags: [String], text: String) {
        Host.settle()
        Ledger.expectUnchanged {
            let outcome = Host.run([Host.mydocker, "run", "--rm"] + flags + ["true"])
            #expect(outcome.code == 0 && outcome.error == text, "\(outcome.error)")
        }
    }

    @Test func noneIsLoopbackAlone() throws {
        let text = succeed("run", "--rm", "--net", "none", "sh", "-c", "ip -o link; ip r; ping -c 1 -W 2 127.0.0.1")
            .text
        #expect(text.contains("1: lo: <LOOPBACK,UP,LOWER_UP>"), "\(text)")
        #expect(!text.contains("2: ") && !text.contains("default"), "\(text)")
        #expect(text.contains("1 packets received"))
    }

    @Test func hostIsTheHosts() throws {
        let network = try TestNetwork("cchost", "10.201.56.1/24")
        defer { network.remove() }
        #expect(succeed("run", "--rm", "--net", "host", "ip", "-o", "addr").text.contains("10.201.56.1/24"))
    }

    @Test func anInternalNetworkHasNoWayOutOrIn() throws {
        try Outside.with { outside in
            let network = try TestNetwork("ccint", "10.201.57.1/24", "--internal")
            defer { network.remove() }
            let first = try Box("ccint1", on: "ccint")
            let second = try Box("ccint2", on: "ccint")
            defer { for box in [first, second] { box.remove() } }
            #expect(first.place.run(["ip", "route"]).lines.allSatisfy { !$0.hasPrefix("default") })
            #expect(pings("ccint1", second.address))
            #expect(pings("ccint1", "10.201.57.1"))
            #expect(!pings("ccint1", Outside.address))
            // Not even with a route of its own making; and a route of the outside's does not lead in.
            first.place.run(["ip", "route", "add", "default", "via", "10.201.57.1"])
            outside.place.run(["ip", "route", "add", "10.201.57.0/24", "via", Outside.hostAddress])
            try Server.with(outside.place, .tcp, 80, name: "outside") { server in
                #expect(first.place.ask(.tcp, Outside.address, 80, seconds: 0.3) == .silence)
                #expect(server.clients == [])
            }
            try Server.with(first.place, .tcp, 80, name: "inside") { server in
                #expect(outside.place.ask(.tcp, first.address, 80, seconds: 0.3) == .silence)
                #expect(second.place.ask(.tcp, first.address, 80) == .said("inside to \(second.address)"))
                #expect(server.clients == [second.address])
            }
        }
    }

    /// Neither another network's published ports nor this host's other addresses are ways out, and published ports of its
    /// own are none in.
    @Test func S7_anInternalNetworkIsByItselfWhateverTheAddress() throws {
        try Outside.with { outside in
            let open = try TestNetwork("ccopen", "10.201.64.1/24")
            let network = try TestNetwork("ccints", "10.201.65.1/24", "--internal")
            let later = try TestNetwork("cclater", "10.201.66.1/24")
            defer { for network in [open, network, later] { network.remove() } }
            let proxy = try Box("ccproxy", on: "ccopen", ["-p", "20164:80"])
            let latest = try Box("cclatest", on: "cclater", ["-p", "20165:80"])
            let inside = try Box("ccinside", on: "ccints", ["-p", "20166:80"])
            let second = try Box("ccsecond", on: "ccints")
            defer { for box in [proxy, latest, inside, second] { box.remove() } }
            outside.place.run(["ip", "route", "add", "10.201.65.0/24", "via", Outside.hostAddress])
            let addresses = ["10.201.65.1", "10.201.64.1", "10.201.66.1", Outside.hostAddress]
            for hasRoute in [false, true] {
                if hasRoute { inside.place.run(["ip", "route", "add", "default", "via", "10.201.65.1"]) }
                for (place, port) in [(proxy.place, UInt16(20164)), (latest.place, 20165)] {
                    try Server.with(place, .tcp, 80, name: "proxy") { server in
                        for address in addresses {
                            let answer = inside.place.ask(.tcp, address, port, seconds: 0.2)
                            let isUnreachable = answer == .silence || answer == .failed(ENETUNREACH)
                            #expect(isUnreachable, "\(address):\(port): \(answer)")
                        }
                        #expect(server.clients == [])
                        // From elsewhere they are reached.
                        #expect(outside.place.ask(.tcp, Outside.hostAddress, port) == .said("proxy to 10.200.0.2"))
                    }
                }
                // Of this host there is the gateway, and nothing else.
                try Server.with(.host, .tcp, 20167, name: "host") { server in
                    for address in addresses.dropFirst() {
                        let answer = inside.place.ask(.tcp, address, 20167, seconds: 0.2)
                        #expect(answer == .silence || answer == .failed(ENETUNREACH), "\(address): \(answer)")
                    }
                    #expect(inside.place.ask(.tcp, "10.201.65.1", 20167) == .said("host to \(inside.address)"))
                    #expect(server.clients == [inside.address])
                }
            }
            // A published port is for this host and for its own network.
            try Server.with(inside.place, .tcp, 80, name: "inside") { server in
                for (place, address) in [
                    (outside.place, Outside.hostAddress), (outside.place, inside.address),
                    (proxy.place, "10.201.64.1"), (proxy.place, inside.address),
                ] {
                    let port: UInt16 = address == inside.address ? 80 : 20166
                    #expect(place.ask(.tcp, address, port, seconds: 0.2) == .silence, "\(address)")
                }
                #expect(server.clients == [])
                #expect(Place.host.ask(.tcp, "127.0.0.1", 20166) == .said("inside to 10.201.65.1"))
                #expect(Place.host.ask(.tcp, inside.address, 80) == .said("inside to 10.201.65.1"))
                #expect(second.place.ask(.tcp, inside.address, 80) == .said("inside to \(second.address)"))
                #expect(second.place.ask(.tcp, "10.201.65.1", 20166) == .said("inside to 10.201.65.1"))
            }
        }
    }

    @Test func networksAreIsolatedFromEachOther() throws {
        let left = try TestNetwork("ccleft", "10.201.58.1/24")
        let right = try TestNetwork("ccright", "10.201.59.1/24")
        defer { for network in [left, right] { network.remove() } }
        let one = try Box("ccleft1", on: "ccleft")
        let other = try Box("ccright1", on: "ccright")
        defer { for box in [one, other] { box.remove() } }
        for (from, to, gateway) in [(one, other, "10.201.59.1"), (other, one, "10.201.58.1")] {
            for transport in Transport.allCases {
                try Server.with(to.place, transport, 80, name: "server") { server in
                    #expect(from.place.ask(transport, to.address, 80, seconds: 0.3) == .silence)
                    #expect(server.clients == [])
                    // It does answer: this host.
                    #expect(Place.host.ask(transport, to.address, 80) == .said("server to \(gateway)"))
                }
            }
        }
        #expect(!pings("ccleft1", other.address))
    }

    /// A neighbour that sends packets for the container's subnet to this host gets nowhere.
    @Test func R7_directRoutingToAnUnpublishedPortIsBlocked() throws {
        try Outside.with { outside in
            let network = try TestNetwork("ccdirect", "10.201.60.1/24")
            defer { network.remove() }
            let box = try Box("ccdirect1", on: "ccdirect", ["-p", "20160:81"])
            defer { box.remove() }
            for transport in Transport.allCases {
                for port: UInt16 in [80, 81] {
                    try Server.with(box.place, transport, port, name: "box") { server in
                        #expect(outside.place.ask(transport, box.address, port, seconds: 0.3) == .silence)
                        #expect(server.clients == [])
                        // It is the firewall that stops it.
                        Host.shell(
                            """
                            iptables-legacy -A MYDOCKER-USER -i \(Outside.link) -j ACCEPT
                            nft add rule ip mydocker-filter MYDOCKER-USER iifname \(Outside.link) accept
                            """)
                        defer {
                            Host.shell(
                                "iptables-legacy -F MYDOCKER-USER; nft flush chain ip mydocker-filter MYDOCKER-USER")
                        }
                        #expect(outside.place.ask(transport, box.address, port) == .said("box to \(Outside.address)"))
                    }
                }
            }
        }
    }

    /// route_localnet, which publishing on 127.0.0.1 needs, must not show the host's own services to a container.
    @Test func CVE_2020_8558_loopbackServicesAreTheHostsOwn() throws {
        try Outside.with { outside in
            let network = try TestNetwork("ccloop", "10.201.61.1/24")
            defer { network.remove() }
            let published = try Box("ccloop1", on: "ccloop", ["-p", "127.0.0.1:20161:80"])
            let attacker = try Box("ccloop2", on: "ccloop")
            defer { for box in [published, attacker] { box.remove() } }
            for (place, source, gateway, device) in [
                (attacker.place, attacker.address, "10.201.61.1", "ccloop"),
                (outside.place, Outside.address, Outside.hostAddress, Outside.link),
            ] {
                // Packets for 127.0.0.1 leave it, as a forger's do.
                let forged = place.run([
                    "bash", "-c",
                    """
                    set -e
                    echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
                    ip rule add preference 5 to 127.0.0.0/8 lookup 99
                    ip rule del preference 0; ip rule add preference 10 lookup local
                    ip route add 127.0.0.1 via \(gateway) dev eth0 src \(source) table 99
                    """,
                ])
                try #require(forged.code == 0, "\(forged.error)")
                for transport in Transport.allCases {
                    try Server.with(.host, transport, 20261, address: "127.0.0.1", name: "host") { server in
                        #expect(
                            place.ask(transport, "127.0.0.1", 20261, from: source, seconds: 0.3) == .silence,
                            "\(device)")
                        #expect(server.clients == [], "\(device)")
                    }
                }
                try Server.with(published.place, .tcp, 80, name: "published") { server in
                    let answer = place.ask(.tcp, "127.0.0.1", 20161, from: source, seconds: 0.3)
                    #expect(answer == .silence || answer == .refused, "\(device): \(answer)")
                    #expect(server.clients == [], "\(device)")
                }
            }
            // The forgery is a good one: without the rule it works.
            try Server.with(.host, .tcp, 20261, address: "127.0.0.1", name: "host") { _ in
                Host.shell(
                    """
                    iptables-legacy -I INPUT -i ccloop -j ACCEPT
                    nft insert rule ip mydocker-filter INPUT iifname ccloop accept
                    """)
                defer {
                    Host.shell(
                        "iptables-legacy -D INPUT -i ccloop -j ACCEPT; nft flush chain ip mydocker-filter INPUT")
                }
                #expect(
                    attacker.place.ask(.tcp, "127.0.0.1", 20261, from: attacker.address)
                        == .said("host to \(attacker.address)"))
            }
        }
    }
}
