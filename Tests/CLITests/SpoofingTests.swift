import Foundation
import Testing

/// A container can only send as itself, whichever capabilities it has.
extension CLI.Security {
    /// Flags of an attacker's `run`.
    private static let attackers: [[String]] = [[], ["--cap-add", "NET_ADMIN"], ["--privileged"]]

    @Test(arguments: attackers) func S4_nobodyIsTakenForAnother(flags: [String]) throws {
        try AttackedNetwork.with("secspoof", 11, flags) { network in
            let (attacker, victim, neighbour) = (network.attacker, network.victim, network.neighbour)
            let (own, theirs) = (attacker.mac, victim.mac)
            let forwarding = network.forwarding
            #expect(forwarding[theirs] == [victim.link] && forwarding[own] == [attacker.link])
            // All know each other, and some time ago: an entry does not change within a second (LOCKTIME).
            for address in [victim.address, attacker.address] {
                #expect(mydocker("exec", "secspoof-neighbour", "/frames", "ping", address).code == 0)
                #expect(Host.run(["ping", "-c", "1", "-W", "2", address]).code == 0)
            }
            sleep(2)
            for (target, mac) in [(network.gateway, network.bridgeMAC), (neighbour.address, neighbour.mac)] {
                for operation in ["reply", "request"] {
                    for destination in [mac, "ff:ff:ff:ff:ff:ff"] {
                        // The victim's address at the attacker's MAC, at the victim's own, and one that nobody has.
                        attacker.attack("arp", own, own, victim.address, destination, target, operation)
                        attacker.attack("arp", theirs, theirs, victim.address, destination, target, operation)
                        attacker.attack("arp", own, "02:66:0:0:0:1", attacker.address, destination, target, operation)
                        attacker.attack("arp", own, own, "10.79.11.77", destination, target, operation)
                    }
                }
                // One frame with the victim's MAC moves what comes for it, where the bridge learns.
                attacker.attack("udp", theirs, mac, attacker.address, target, "9", "moved")
                attacker.attack("udp", theirs, mac, victim.address, target, "9", "forged")
            }
            network.settle("end-of-forgery")
            #expect(network.forwarding == forwarding)
            #expect(network.hostNeighbour(victim.address) == theirs)
            #expect(neighbour.neighbour(victim.address) == theirs)
            #expect(network.hostNeighbour("10.79.11.77") == nil && neighbour.neighbour("10.79.11.77") == nil)
            #expect(network.hostNeighbour(attacker.address) == own && neighbour.neighbour(attacker.address) == own)
            // What is behind the host's end has not heard any of it, although it hears the attacker.
            #expect(!network.heard.contains { $0.contains("moved") || $0.contains("forged") }, "\(network.heard)")
            try Server.with(victim.place, .udp, 7000, name: "victim") { server in
                #expect(Place.host.ask(.udp, victim.address, 7000) == .said("victim to \(network.gateway)"))
                #expect(neighbour.place.ask(.udp, victim.address, 7000) == .said("victim to \(neighbour.address)"))
                #expect(server.clients == [network.gateway, neighbour.address])
            }
        }
    }

    @Test func S4_aForgedSourceReachesNobody() throws {
        try AttackedNetwork.with("secforge", 12) { network in
            let (attacker, victim) = (network.attacker, network.victim)
            try Server.with(.host, .udp, 20791, name: "host") { server in
                for kind in ["udp", "vlan"] {
                    for source in [victim.address, network.gateway, "8.8.8.8", "0.0.0.0", "127.0.0.2", "10.79.12.200"] {
                        attacker.attack(
                            kind, attacker.mac, network.bridgeMAC, source, network.gateway, "20791", "forged")
                        attacker.attack(kind, attacker.mac, network.neighbour.mac, source, "10.79.12.9", "9", "forged")
                    }
                    attacker.attack(
                        kind, victim.mac, network.bridgeMAC, attacker.address, network.gateway, "20791", "forged")
                }
                network.settle("end-of-forgery")
                #expect(!network.heard.contains { $0.contains("forged") }, "\(network.heard)")
                // The frames are good ones: with what is one's own they arrive.
                attacker.attack(
                    "udp", attacker.mac, network.bridgeMAC, attacker.address, network.gateway, "20791", "own")
                Host.wait { !server.clients.isEmpty }
                #expect(Set(server.clients) == [attacker.address])
            }
        }
    }

    @Test func S4_theForwardingTableDoesNotGrow() throws {
        try AttackedNetwork.with("secflood", 13, ["--cap-add", "NET_ADMIN"]) { network in
            let before = network.forwarding
            network.attacker.attack("flood", "3000")
            // With a MAC of its own making it is nobody.
            network.attacker.place.run(["ip", "link", "set", "eth0", "address", network.victim.mac])
            network.attacker.place.run(["ping", "-c", "1", "-W", "1", network.gateway])
            network.attacker.place.run(["ip", "link", "set", "eth0", "address", network.bridgeMAC])
            network.attacker.place.run(["ping", "-c", "1", "-W", "1", network.gateway])
            #expect(network.forwarding == before)
            #expect(Host.run(["ping", "-c", "1", "-W", "2", network.victim.address]).code == 0)
        }
    }

    /// With the victim's address as a second one, a container of CAP_NET_ADMIN answers for it.
    @Test func S4_anAddressIsNotTakenOver() throws {
        try AttackedNetwork.with("sectake", 14, ["--cap-add", "NET_ADMIN"]) { network in
            let (attacker, victim) = (network.attacker, network.victim)
            let added = mydocker(
                "exec", "sectake-attacker", "ip", "address", "add", "\(victim.address)/24", "dev", "eth0")
            #expect(added.code == 0, "\(added.error)")
            attacker.attack(
                "arp", attacker.mac, attacker.mac, victim.address, "ff:ff:ff:ff:ff:ff", victim.address, "request")
            try Server.with(victim.place, .udp, 7000, name: "victim") { _ in
                for _ in 0..<3 {
                    Host.run(["ip", "neigh", "flush", "dev", "sectake"])
                    #expect(Place.host.ask(.udp, victim.address, 7000) == .said("victim to \(network.gateway)"))
                    #expect(network.hostNeighbour(victim.address) == victim.mac)
                }
            }
        }
    }

    /// CVE-2020-10749: a router advertisement makes a router of whoever sends it.
    @Test func CVE_2020_10749_aContainerIsNobodysRouter() throws {
        try AttackedNetwork.with("secra", 15) { network in
            func expectNoRoute(_ what: String) {
                let text = Host.run(["ip", "-6", "route", "show", "table", "all"]).text
                #expect(!text.contains("bad:"), "\(what): \(text)")
                let addresses = Host.run(["ip", "-6", "address", "show", "dev", "secra"]).text
                #expect(!addresses.contains("bad:"), "\(what): \(addresses)")
            }
            for setting in ["disable_ipv6:1", "accept_ra:0"] {
                let parts = setting.split(separator: ":")
                #expect(Host.read("/proc/sys/net/ipv6/conf/secra/\(parts[0])") == parts[1], "\(setting)")
            }
            for box in [network.attacker, network.victim] {
                #expect(Host.run(["ip", "-d", "link", "show", "dev", box.link]).text.contains("addrgenmode none"))
            }
            // A neighbour that has it on all the same, and the host with it on.
            network.victim.place.run(["bash", "-c", "echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6"])
            Host.write("0", to: "/proc/sys/net/ipv6/conf/secra/disable_ipv6")
            network.attacker.attack("ra", network.attacker.mac, "2001:db8:bad::")
            network.settle("end-of-advertisement")
            expectNoRoute("advertised")
            let routes = network.victim.place.run(["ip", "-6", "route"]).text
            #expect(!routes.contains("default") && !routes.contains("bad:"), "\(routes)")
            let advertisement = "86dd \(network.attacker.mac)"
            #expect(!network.heard.contains { $0.hasPrefix(advertisement) }, "\(network.heard)")
            // Without the filter it is on the host's own settings.
            Host.run(["tc", "qdisc", "delete", "dev", network.attacker.link, "ingress"])
            network.attacker.attack("ra", network.attacker.mac, "2001:db8:bad::")
            network.settle("end-of-second")
            #expect(network.heard.contains { $0.hasPrefix(advertisement) })
            expectNoRoute("unfiltered")
            Host.write("1", to: "/proc/sys/net/ipv6/conf/secra/accept_ra")
            succeed("network", "reload", "secra")
            #expect(Host.read("/proc/sys/net/ipv6/conf/secra/disable_ipv6") == "1")
            #expect(Host.read("/proc/sys/net/ipv6/conf/secra/accept_ra") == "0")
            expectNoRoute("reloaded")
        }
    }

    @Test(arguments: attackers) func S5_noIPv6GoesFromContainerToContainer(flags: [String]) throws {
        try AttackedNetwork.with("secsix", 16, flags) { network in
            let attacker = network.attacker
            attacker.attack("udp6", attacker.mac, network.neighbour.mac, "fe80::1", "fe80::2", "9", "exfil-v6")
            attacker.attack("udp6", attacker.mac, "33:33:00:00:00:01", "fe80::1", "ff02::1", "9", "exfil-v6")
            network.settle("end-of-six")
            // A host that sends IPv6 on tells the other end of its link that it listens to what is for routers.
            #expect(!network.heard.contains { $0.hasPrefix("86dd \(attacker.mac)") }, "\(network.heard)")
            #expect(Host.run(["ip", "-6", "address", "show", "dev", "secsix"]).text == "")
            #expect(Host.run(["ip", "-6", "address", "show", "dev", attacker.link]).text == "")
        }
    }

    @Test(arguments: ["none", "bridge"]) func S5_IPv6IsOffInside(network: String) {
        let script = "cat /proc/sys/net/ipv6/conf/*/disable_ipv6; cat /proc/net/if_inet6"
        let inside = succeed("run", "--rm", "--net", network, "sh", "-c", script).lines
        // all, default, lo, and eth0; not an address.
        #expect(inside == Array(repeating: "1", count: network == "none" ? 3 : 4))
    }

    @Test func S5_theHostsOwnSettingsStay() {
        let settings = [
            "ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6", "ipv6/conf/lo/disable_ipv6",
            "ipv4/ip_unprivileged_port_start", "ipv4/ping_group_range",
        ].map { "/proc/sys/net/\($0)" }
        let before = settings.map(Host.read)
        succeed("run", "--rm", "--net", "host", "true")
        succeed("run", "--rm", "true")
        #expect(settings.map(Host.read) == before && before[0] == "0")
    }

    /// Also when nothing looks at what the container sends.
    @Test func S6_loopbackSourcesDoNotReachTheHost() throws {
        try AttackedNetwork.with("secloop", 17) { network in
            let attacker = network.attacker
            #expect(Host.read("/proc/sys/net/ipv4/conf/secloop/rp_filter") == "1")
            try Server.with(.host, .udp, 20792, name: "host") { server in
                for isFiltered in [true, false] {
                    if !isFiltered { Host.run(["tc", "qdisc", "delete", "dev", attacker.link, "ingress"]) }
                    for source in ["127.0.0.2", "127.9.9.9", "8.8.8.8", network.gateway] {
                        attacker.attack(
                            "udp", attacker.mac, network.bridgeMAC, source, network.gateway, "20792", "forged")
                    }
                }
                attacker.attack(
                    "udp", attacker.mac, network.bridgeMAC, attacker.address, network.gateway, "20792", "own")
                Host.wait { !server.clients.isEmpty }
                #expect(Set(server.clients) == [attacker.address])
            }
        }
    }
}
