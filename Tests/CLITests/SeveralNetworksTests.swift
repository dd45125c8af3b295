import Foundation
import Testing

extension CLI.Networks {
    /// Two networks, the second one with room for a single container.
    private func withTwo(_ body: () throws -> Void) throws {
        #expect(Host.hasDefaultImage)
        try Ledger.expectUnchanged {
            let networks = [try TestNetwork("cmany1", "10.201.140.0/24"), try TestNetwork("cmany2", "10.201.141.0/30")]
            defer { for network in networks { network.remove() } }
            try body()
        }
    }

    private func withDetached(_ name: String, _ arguments: String..., body: (_ id: String) throws -> Void) throws {
        let started = Host.run([Host.mydocker, "run", "-d", "--name", name] + arguments)
        defer { succeed("rm", "-f", name) }
        try #require(started.code == 0, "\(started.error)")
        try body(started.word)
    }

    @Test func aContainerOnTwoNetworksHasALinkOnEach() throws {
        try withTwo {
            let script =
                "ip -o -4 address show; ip route; cat /etc/hosts; ping -c1 -W2 10.201.140.1 >/dev/null && "
                + "ping -c1 -W2 10.201.141.1 >/dev/null && echo both answer"
            let outcome = mydocker(
                "run", "--rm", "-h", "cmany", "--net", "cmany1", "--net", "name=cmany2,ip=10.201.141.2", "sh", "-c",
                script)
            #expect(outcome.code == 0, "\(outcome.error)")
            let lines = outcome.text.split(separator: "\n").map(String.init)
            #expect(lines.contains { $0.contains("eth0") && $0.contains("inet 10.201.140.2/24") })
            #expect(lines.contains { $0.contains("eth1") && $0.contains("inet 10.201.141.2/30") })
            #expect(lines.filter { $0.hasPrefix("default ") } == ["default via 10.201.140.1 dev eth0 "])
            for address in ["10.201.140.2", "10.201.141.2"] {
                #expect(lines.contains { $0.hasPrefix("\(address)\t") && $0.hasSuffix("\tcmany") }, "\(outcome.text)")
            }
            #expect(lines.last == "both answer")
        }
    }

    @Test func eachNetworkKnowsItsMember() throws {
        try withTwo {
            try withDetached(
                "cmanyd", "-p", "20240:80", "--net", "cmany1", "--net", "cmany2", "sleep", "1000"
            ) { id in
                let endpoints = ["cmany1", "cmany2"].map { name in
                    succeed(
                        "network", "inspect", "-f", "{{range .Containers}}{{.EndpointID}} {{.IPv4Address}}{{end}}", name
                    )
                    .text.split(separator: " ").map(String.init)
                }
                #expect(endpoints.map { $0.last } == ["10.201.140.2/24\n", "10.201.141.2/30\n"])
                #expect(endpoints[0].first == id && endpoints[1].first != id)
                let form = "{{range $name, $n := .NetworkSettings.Networks}}{{$name}}={{$n.IPAddress}} {{end}}"
                #expect(succeed("inspect", "-f", form, "cmanyd").text == "cmany1=10.201.140.2 cmany2=10.201.141.2 \n")
                #expect(succeed("port", "cmanyd").text == "80/tcp -> 0.0.0.0:20240\n")
                #expect(succeed("ps", "-q", "-f", "network=cmany2").text == "\(id.prefix(12))\n")
                #expect(succeed("ps", "--format", "{{.Networks}}", "-f", "name=cmanyd").text == "cmany1,cmany2\n")
                for name in ["cmany1", "cmany2"] {
                    let removal = mydocker("network", "rm", name)
                    #expect(removal.code == 1 && removal.error.contains("has active endpoints"), "\(removal.error)")
                }
                try CheckReport.expectClean()
                // Rules of the one network only: the other is whole when they are put back.
                Host.shell("iptables-legacy -w -t nat -F MYDOCKER-DNAT")
                succeed("network", "reload", "cmany1", "cmany2")
                try CheckReport.expectClean()
            }
        }
    }

    @Test func whatTheSecondNetworkCannotGiveTakesTheFirstOnesBack() throws {
        try withTwo {
            try withDetached("cmanyfull", "--net", "cmany2", "sleep", "1000") { _ in
                let outcome = mydocker("run", "--rm", "-p", "20241:80", "--net", "cmany1", "--net", "cmany2", "true")
                #expect(outcome.code == 125)
                #expect(outcome.error.hasPrefix("mydocker: network cmany2: "), "\(outcome.error)")
                try CheckReport.expectClean()
                #expect(succeed("run", "--rm", "--net", "cmany1", "-p", "20241:80", "echo", "free").text == "free\n")
            }
        }
    }

    @Test(arguments: [
        (["cmany1", "cmany1"], "network \"cmany1\" is specified multiple times"),
        (
            ["cmany1", "host"],
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes"
        ),
        (
            ["none", "cmany1"],
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes"
        ),
        (["cmany1", "cnowhere"], "network cnowhere not found"),
    ])
    func networksThatDoNotGoTogether(names: [String], message: String) throws {
        try withTwo {
            let outcome = Host.run([Host.mydocker, "run", "--rm"] + names.flatMap { ["--net", $0] } + ["true"])
            #expect(outcome.code == 125)
            #expect(outcome.error.split(separator: "\n").first == "mydocker: \(message)", "\(outcome.error)")
        }
    }

    @Test func anInternalNetworkFirstLeavesTheWayOutToTheNext() throws {
        try Ledger.expectUnchanged {
            let inner = try TestNetwork("cmanyin", "10.201.142.0/24", "--internal")
            let outer = try TestNetwork("cmanyout", "10.201.143.0/24")
            defer { for network in [inner, outer] { network.remove() } }
            let routes = succeed("run", "--rm", "--net", "cmanyin", "--net", "cmanyout", "ip", "route").lines
            #expect(routes.filter { $0.hasPrefix("default") } == ["default via 10.201.143.1 dev eth1 "])
        }
    }
}
