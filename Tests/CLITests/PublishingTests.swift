import Foundation
import Testing

extension CLI {
    @Suite(.serialized) struct Publishing {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }
    }
}

extension CLI.Publishing {
    /// Everybody who may ask for a published port, and the address that the container then sees: its own network's
    /// gateway when the answer would else not come back this way.
    private func expectAnswers(
        _ transport: Transport, to box: Box, gateway: String, neighbour: Box, stranger: Box, outside: Outside,
        port: UInt16
    ) {
        let host = Outside.hostAddress
        let askers: [(String, Place, String, String)] = [
            ("outside", outside.place, host, Outside.address),
            ("this host by its address", .host, host, host),
            ("this host by the gateway's address", .host, gateway, gateway),
            ("this host by 127.0.0.1", .host, "127.0.0.1", gateway),
            ("a container of the network", neighbour.place, host, gateway),
            ("a container of the network by the gateway", neighbour.place, gateway, gateway),
            ("a container of another network", stranger.place, host, gateway),
            ("itself", box.place, host, gateway),
            ("itself by the gateway", box.place, gateway, gateway),
        ]
        for (name, place, address, seen) in askers {
            #expect(place.ask(transport, address, port) == .said("published to \(seen)"), "\(transport): \(name)")
        }
    }

    @Test(arguments: ["0", "1"])
    func B57_B58_aPublishedPortAnswersEverybody(bridgeCallsFirewall: String) throws {
        let control = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        let before = Host.read(control)
        if before != "" { Host.write(bridgeCallsFirewall, to: control) }
        defer { if before != "" { Host.write(before, to: control) } }
        try Outside.with { outside in
            let network = try TestNetwork("cpall", "10.201.90.1/24")
            let other = try TestNetwork("cpother", "10.201.91.1/24")
            defer { for network in [network, other] { network.remove() } }
            let box = try Box("cpall1", on: "cpall", ["-p", "20190:90", "-p", "20190:90/udp"])
            let neighbour = try Box("cpall2", on: "cpall")
            let stranger = try Box("cpother1", on: "cpother")
            defer { for box in [box, neighbour, stranger] { box.remove() } }
            for transport in Transport.allCases {
                try Server.with(box.place, transport, 90, name: "published") { _ in
                    expectAnswers(
                        transport, to: box, gateway: "10.201.90.1", neighbour: neighbour, stranger: stranger,
                        outside: outside, port: 20190)
                }
                // Nobody serves in there: that is heard as well.
                #expect(outside.place.ask(transport, Outside.hostAddress, 20190) == .refused)
                #expect(Place.host.ask(transport, "127.0.0.1", 20190) == .refused)
            }
        }
    }

    /// With a program of the container's own, and the seeds' port.
    @Test func theSeedsOwnLine() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cpseed", "10.201.92.1/24")
            defer { network.remove() }
            let box = try Box(
                "cpseed1", on: "cpseed", ["-p", "90:90"], command: ["nc", "-ll", "-p", "90", "-e", "echo", "hello"])
            defer { box.remove() }
            Host.wait { Place.host.ask(.tcp, "127.0.0.1", 90) != .refused }
            #expect(outside.place.ask(.tcp, Outside.hostAddress, 90) == .said("hello\n"))
            #expect(succeed("ps", "--format", "{{.Ports}}", "--filter", "name=cpseed1").word == "0.0.0.0:90->90/tcp")
            #expect(succeed("port", "cpseed1").text == "90/tcp -> 0.0.0.0:90\n")
            #expect(succeed("port", "cpseed1", "90").text == "0.0.0.0:90\n")
            let none = mydocker("port", "cpseed1", "91")
            #expect(none.code == 1 && none.error.contains("no public port '91' published for cpseed1"))
        }
    }

    @Test func B38_publishedPortsSurviveAForwardPolicyOfDrop() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cpdrop", "10.201.93.1/24", "--firewall", "iptables")
            defer { network.remove() }
            Host.run(["iptables-legacy", "-P", "FORWARD", "DROP"])
            defer { Host.run(["iptables-legacy", "-P", "FORWARD", "ACCEPT"]) }
            let box = try Box("cpdrop1", on: "cpdrop", ["-p", "20193:90"])
            defer { box.remove() }
            try Server.with(box.place, .tcp, 90, name: "box") { _ in
                #expect(outside.place.ask(.tcp, Outside.hostAddress, 20193) == .said("box to \(Outside.address)"))
                #expect(box.place.ask(.tcp, Outside.hostAddress, 20193) == .said("box to 10.201.93.1"))
            }
        }
    }

    /// The seeds' rule took every connection to that port number, wherever it went.
    @Test func B58_connectionsToThatPortElsewhereAreNotHijacked() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cphijack", "10.201.94.1/24")
            defer { network.remove() }
            let box = try Box("cphijack1", on: "cphijack", ["-p", "20194:20194", "-p", "20194:20194/udp"])
            let neighbour = try Box("cphijack2", on: "cphijack")
            defer { for box in [box, neighbour] { box.remove() } }
            for transport in Transport.allCases {
                try Server.with(box.place, transport, 20194, name: "box") { server in
                    try Server.with(outside.place, transport, 20194, name: "outside") { _ in
                        for place in [box.place, neighbour.place, .host] {
                            #expect(
                                place.ask(transport, Outside.address, 20194)
                                    == .said("outside to \(Outside.hostAddress)"))
                        }
                    }
                    #expect(server.clients == [])
                    // Nor those to another container.
                    #expect(box.place.ask(transport, neighbour.address, 20194) == .refused)
                }
            }
        }
    }

    @Test func hostAddressesAreKeptApart() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cphost", "10.201.95.1/24")
            defer { network.remove() }
            let first = try Box("cphost1", on: "cphost", ["-p", "127.0.0.1:20195:90"])
            let second = try Box("cphost2", on: "cphost", ["-p", "127.0.0.2:20195:90"])
            let third = try Box("cphost3", on: "cphost", ["-p", "\(Outside.hostAddress):20195:90"])
            defer { for box in [first, second, third] { box.remove() } }
            try Server.with(first.place, .tcp, 90, name: "first") { _ in
                try Server.with(second.place, .tcp, 90, name: "second") { _ in
                    try Server.with(third.place, .tcp, 90, name: "third") { _ in
                        let host = Place.host
                        #expect(host.ask(.tcp, "127.0.0.1", 20195) == .said("first to 10.201.95.1"))
                        #expect(host.ask(.tcp, "127.0.0.2", 20195) == .said("second to 10.201.95.1"))
                        #expect(host.ask(.tcp, Outside.hostAddress, 20195) == .said("third to \(Outside.hostAddress)"))
                        #expect(host.ask(.tcp, "127.0.0.3", 20195) == .refused)
                        #expect(host.ask(.tcp, "10.201.95.1", 20195) == .refused)
                        #expect(
                            outside.place.ask(.tcp, Outside.hostAddress, 20195) == .said("third to \(Outside.address)"))
                    }
                    // What is published on 127.0.0.1 alone is not there for the outside.
                    third.remove()
                    #expect(outside.place.ask(.tcp, Outside.hostAddress, 20195) == .refused)
                }
            }
            // 0.0.0.0 takes them all.
            let all = mydocker("run", "--rm", "--net", "cphost", "-p", "20195:90", "true")
            #expect(all.code == 125)
            #expect(all.error.contains("port is already allocated"))
        }
    }

    @Test func rangesKeepTheirOrder() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cprange", "10.201.96.1/24")
            defer { network.remove() }
            let box = try Box(
                "cprange1", on: "cprange",
                ["-p", "20196-20199:80-83", "-p", "21196-21197:21196-21197", "-p", "21196-21197:90-91/udp"])
            defer { box.remove() }
            let expected: [(Transport, UInt16, UInt16)] = [
                (.tcp, 20196, 80), (.tcp, 20197, 81), (.tcp, 20198, 82), (.tcp, 20199, 83), (.tcp, 21196, 21196),
                (.tcp, 21197, 21197), (.udp, 21196, 90), (.udp, 21197, 91),
            ]
            for (transport, hostPort, port) in expected {
                try Server.with(box.place, transport, port, name: "\(port)") { _ in
                    #expect(
                        outside.place.ask(transport, Outside.hostAddress, hostPort)
                            == .said("\(port) to \(Outside.address)"))
                    #expect(Place.host.ask(transport, "127.0.0.1", hostPort) == .said("\(port) to 10.201.96.1"))
                }
                #expect(succeed("port", "cprange1", "\(port)/\(transport.rawValue)").word == "0.0.0.0:\(hostPort)")
            }
            #expect(succeed("port", "cprange1").lines.count == expected.count)
        }
    }

    /// A range for a single port means: the first one that is free, whoever has the others.
    @Test func theFirstFreePortOfARange() throws {
        let network = try TestNetwork("cpfree", "10.201.97.1/24")
        let other = try TestNetwork("cpfree2", "10.201.98.1/24")
        defer { for network in [network, other] { network.remove() } }
        try Server.with(.host, .tcp, 20240, name: "host") { _ in
            var boxes: [Box] = []
            defer { for box in boxes { box.remove() } }
            for (index, name) in ["cpfree", "cpfree2", "cpfree"].enumerated() {
                let box = try Box("cpfree-\(index)", on: name, ["-p", "20240-20243:80"])
                boxes.append(box)
                #expect(succeed("port", box.name, "80").word == "0.0.0.0:\(20241 + index)")
            }
            let full = mydocker("run", "--rm", "--net", "cpfree", "-p", "20240-20243:80", "true")
            #expect(full.code == 125 && full.error.contains("port is already allocated"), "\(full.error)")
        }
    }

    @Test func aRandomPortIsShownAndWorks() throws {
        try Outside.with { outside in
            let network = try TestNetwork("cprandom", "10.201.99.1/24")
            defer { network.remove() }
            var ports: Set<UInt16> = []
            for (index, flags) in [["-p", "90"], ["-p", "0.0.0.0::90"], ["-p", "0:90"]].enumerated() {
                let box = try Box("cprandom\(index)", on: "cprandom", flags)
                defer { box.remove() }
                let line = succeed("port", box.name, "90").word
                let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
                #expect(line == "0.0.0.0:\(port)" && port >= 1024)
                ports.insert(port)
                try Server.with(box.place, .tcp, 90, name: "box") { _ in
                    #expect(outside.place.ask(.tcp, Outside.hostAddress, port) == .said("box to \(Outside.address)"))
                }
                let format = #"{{(index (index .NetworkSettings.Ports "90/tcp") 0).HostPort}}"#
                #expect(succeed("inspect", "-f", format, box.name).word == "\(port)")
            }
            #expect(ports.count > 1)
        }
    }

    /// R9.2
    @Test func randomPortsOfParallelRunsAreDistinct() throws {
        let networks = [try TestNetwork("cprand1", "10.201.100.1/24"), try TestNetwork("cprand2", "10.201.101.1/24")]
        defer { for network in networks { network.remove() } }
        let names = (0..<16).map { "cprand-\($0)" }
        let starts = names.enumerated().map {
            "$MYDOCKER run -d --name \($1) --net cprand\($0 % 2 + 1) -p 80 -p 81 sleep 1000 &"
        }
        let outcome = Host.shell(starts.joined(separator: "\n") + "\nwait")
        defer { Host.run([Host.mydocker, "rm", "-f"] + names) }
        #expect(outcome.lines.count == 16, "\(outcome.error)")
        var ports: [Substring] = []
        for name in names { ports += succeed("port", name).lines.compactMap { $0.split(separator: ":").last } }
        #expect(ports.count == 32 && Set(ports).count == 32, "\(ports)")
    }
}
