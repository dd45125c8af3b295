import Foundation
import Testing

extension CLI {
    /// What somebody takes from networks comes back, once, and what is others' stays.
    @Suite(.serialized) struct Reload {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }
    }
}

/// Both tables without counters and comments.
private func savedRules() -> [String] {
    ["filter", "nat"].flatMap { table in
        Host.run(["iptables-legacy-save", "-t", table]).lines.filter { !$0.hasPrefix("#") }
            .map { $0.replacing(#/ \[\d+:\d+\]$/#, with: "") }
    }
}

/// What an administrator has in the tables, some of it in our chain for that.
private enum Foreign {
    private static let rules = [
        "-t filter -A FORWARD -s 192.0.2.1/32 -j DROP", "-t filter -A CRLFOREIGN -s 192.0.2.2/32 -j RETURN",
        "-t filter -A MYDOCKER-USER -s 192.0.2.3/32 -j DROP", "-t nat -A PREROUTING -s 192.0.2.4/32 -j RETURN",
        "-t nat -A POSTROUTING -s 192.0.2.5/32 -j ACCEPT",
    ]

    static func add() {
        Host.shell("iptables-legacy -w -N CRLFOREIGN; iptables-legacy -w -N MYDOCKER-USER 2>/dev/null || true")
        for rule in rules { #expect(Host.shell("iptables-legacy -w \(rule)").code == 0) }
    }

    /// Fails when one of them is not there, or is there twice.
    static func remove() {
        for rule in rules {
            let deletion = "iptables-legacy -w \(rule.replacing(" -A ", with: " -D "))"
            #expect(Host.shell(deletion).code == 0, "lost: \(rule)")
            #expect(Host.shell("\(deletion) 2>/dev/null").code != 0, "twice: \(rule)")
        }
        #expect(Host.shell("iptables-legacy -w -X CRLFOREIGN").code == 0)
    }
}

/// Ways to put it right again.
private enum Repair: CaseIterable {
    case reloadAll, reloadByName, runThere, runElsewhere

    func perform(sourceLocation: SourceLocation = #_sourceLocation) {
        switch self {
        case .reloadAll:
            let names = succeed("network", "reload", sourceLocation: sourceLocation).lines
            #expect(Set(names).isSuperset(of: ["crl", "crl2"]), sourceLocation: sourceLocation)
        case .reloadByName:
            let names = succeed("network", "reload", "crl2", "crl", sourceLocation: sourceLocation).lines
            #expect(Set(names) == ["crl", "crl2"], sourceLocation: sourceLocation)
        case .runThere: succeed("run", "--rm", "--net", "crl", "true", sourceLocation: sourceLocation)
        case .runElsewhere: succeed("run", "--rm", "--net", "crl2", "true", sourceLocation: sourceLocation)
        }
    }
}

extension CLI.Reload {
    /// Two networks; on the first one a container that serves at the published port 20230.
    private func withNetworks(_ body: (_ box: Box, _ outside: Outside) throws -> Void) throws {
        try Outside.with { outside in
            // Rules in the order that a reload of all gives them, whatever earlier tests left.
            Host.shell("iptables-legacy -w -F; iptables-legacy -w -t nat -F")
            // A run looks after networks that were joined since the machine started, as this one is from here on.
            if succeed("network", "reload").lines.contains("bridge") { succeed("run", "--rm", "true") }
            try Ledger.expectUnchanged {
                let network = try TestNetwork("crl", "10.201.130.1/24", "--firewall", "iptables")
                let other = try TestNetwork("crl2", "10.201.131.1/24", "--firewall", "iptables")
                defer { for network in [network, other] { network.remove() } }
                let box = try Box("crlbox", on: "crl", ["-p", "20230:80"])
                defer { box.remove() }
                succeed("run", "--rm", "--net", "crl2", "true")
                try Server.with(box.place, .tcp, 80, name: "box") { _ in try body(box, outside) }
            }
        }
    }

    private func expectAnswers(_ outside: Outside, _ what: String) {
        let places = [(Place.host, "127.0.0.1", "10.201.130.1"), (outside.place, Outside.hostAddress, Outside.address)]
        for (place, address, seen) in places {
            #expect(place.ask(.tcp, address, 20230) == .said("box to \(seen)"), "\(what)")
        }
    }

    private func expectWhole(_ before: [String], _ what: String) {
        let after = savedRules()
        let lost = before.filter { !after.contains($0) }
        let added = after.filter { !before.contains($0) }
        let isSame = after.sorted() == before.sorted()
        #expect(isSame, "\(what): lost \(lost), added \(added)")
        #expect(Host.run(["ip", "-br", "address", "show", "crl"]).text.contains(" 10.201.130.1/24"), "\(what)")
        for setting in ["ip_forward", "conf/crl/route_localnet"] {
            #expect(Host.read("/proc/sys/net/ipv4/\(setting)") == "1", "\(what): \(setting)")
        }
    }

    private func check(_ damages: [String], _ repairs: [Repair] = Repair.allCases) throws {
        try withNetworks { box, outside in
            let before = savedRules()
            try #require(before.contains { $0.contains("--dport 20230 ") })
            for damage in damages {
                for repair in repairs {
                    let what = "\(damage), \(repair)"
                    let line = damage.replacing("VETH", with: String(box.id.prefix(5)))
                    #expect(Host.shell(line).code == 0, "\(what)")
                    Foreign.add()
                    repair.perform()
                    Foreign.remove()
                    // Networks that it was not about are not of interest here.
                    if repair == .reloadByName { succeed("network", "reload") }
                    expectWhole(before, what)
                    if repair == .reloadAll { #expect(savedRules() == before, "\(what): another order") }
                    expectAnswers(outside, what)
                }
            }
        }
    }

    @Test func flushedRulesComeBack() throws {
        try check(["iptables-legacy -F; iptables-legacy -t nat -F"])
        try check(["iptables-legacy -F", "iptables-legacy -t nat -F"], [.reloadAll, .runElsewhere])
    }

    @Test func deletedChainsComeBack() throws {
        try check(["for table in filter nat; do iptables-legacy -t $table -F; iptables-legacy -t $table -X; done"])
        try check(
            [
                "iptables-legacy -F MYDOCKER-FORWARD", "iptables-legacy -t nat -F MYDOCKER-POSTROUTING",
                "iptables-legacy -D FORWARD -j MYDOCKER-EGRESS; iptables-legacy -D INPUT -j MYDOCKER-INPUT",
                "iptables-legacy -t nat -D OUTPUT -m addrtype --dst-type LOCAL -j MYDOCKER-DNAT",
            ], [.reloadAll, .runElsewhere])
    }

    @Test func bridgesComeBack() throws {
        try check(["ip link delete crl", "ip link set crl down", "ip address flush dev crl"])
        try check(["ip link set VETH nomaster", "ip link set VETH down"], [.reloadAll])
    }

    @Test func settingsComeBack() throws {
        try check(
            ["echo 0 >/proc/sys/net/ipv4/conf/crl/route_localnet", "echo 0 >/proc/sys/net/ipv4/ip_forward"],
            [.reloadByName, .runThere, .runElsewhere])
    }

    /// A published port's own rules need nobody to look after the container.
    @Test func publishedPortsComeBack() throws {
        try check(["iptables-legacy -t nat -F MYDOCKER-DNAT"], [.reloadAll, .reloadByName])
    }

    @Test func whatIsRightIsNotTouched() throws {
        try withNetworks { box, outside in
            let before = savedRules()
            // With their indexes: one that is made anew has another.
            func bridges() -> [Substring] {
                Host.run(["ip", "-o", "link", "show", "type", "bridge"]).lines.map { $0.prefix { $0 != "<" } }
            }
            let bridgesBefore = bridges()
            for _ in 0..<3 { succeed("network", "reload") }
            #expect(savedRules() == before)
            #expect(bridges() == bridgesBefore)
            expectAnswers(outside, "reloaded")
        }
    }

    /// One network that cannot be restored does not hinder the others, and what took its place is not harmed.
    @Test func aForeignInterfaceIsReportedAndLeft() throws {
        try withNetworks { _, outside in
            let before = savedRules()
            Host.shell("ip link delete crl2; ip link add crl2 type bridge; iptables-legacy -t nat -F")
            let outcome = mydocker("network", "reload", "crl2", "nosuch", "crl")
            #expect(outcome.code == 1 && outcome.lines == ["crl"])
            #expect(outcome.error.contains("network nosuch not found"), "\(outcome.error)")
            #expect(outcome.error.contains("\"crl2\": an interface of that name exists"), "\(outcome.error)")
            expectAnswers(outside, "beside a network that cannot be restored")
            #expect(Host.run(["ip", "link", "show", "crl2"]).text.contains("state DOWN"))
            Host.shell("ip link delete crl2")
            succeed("network", "reload")
            expectWhole(before, "all")
        }
    }
}
