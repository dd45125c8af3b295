import Foundation
import Testing

extension CLI {
    @Suite(.serialized) struct Addresses {
        init() { Host.switchRoutingOn() }
    }
}

extension CLI.Addresses {
    private static let ownAddress = ["sh", "-c", "ip -4 -o addr show eth0 | sed 's/.*inet //; s,/.*,,'"]

    /// The address that a container of its own gets.
    private func addressOfRun(on network: String, _ options: String...) -> String {
        let outcome = Host.run([Host.mydocker, "run", "--rm", "--net", network] + options + Self.ownAddress)
        #expect(outcome.code == 0, "\(outcome.error)")
        return outcome.word
    }

    @Test func B04_B05_B06_everyHostAddressButTheGatewayAndNoOther() throws {
        // The upper half of a /24: neither its first nor its last address is a host's, and the gateway is in between.
        let network = try TestNetwork("cafill", "10.201.70.252/29")
        defer { network.remove() }
        var boxes: [Box] = []
        defer { for box in boxes { box.remove() } }
        for index in 0..<5 { boxes.append(try Box("cafill\(index)", on: "cafill")) }
        #expect(Set(boxes.map(\.address)) == Set([249, 250, 251, 253, 254].map { "10.201.70.\($0)" }))
        #expect(mydocker("run", "--rm", "--net", "cafill", "true").code == 125)
    }

    @Test func B07_aFullSubnetSaysHowFullItIs() throws {
        Host.settle()
        let network = try TestNetwork("cafull", "10.201.71.0/30")
        defer { network.remove() }
        let box = try Box("cafull1", on: "cafull")
        #expect(box.address == "10.201.71.2")
        Ledger.expectUnchanged {
            for flags in [["--rm"], ["-d"], ["--rm", "-p", "20171:80"]] {
                let outcome = Host.run([Host.mydocker, "run"] + flags + ["--net", "cafull", "true"])
                #expect(outcome.code == 125)
                #expect(outcome.text == "")
                #expect(
                    outcome.error.contains("no available addresses in 10.201.71.0/30 (1 of 1 in use)"),
                    "\(outcome.error)")
            }
        }
        box.remove()
        #expect(addressOfRun(on: "cafull") == "10.201.71.2")
    }

    /// With a single address, each run works only when the one before gave it back.
    @Test func B09_theAddressIsReleasedHoweverAContainerEnds() throws {
        let network = try TestNetwork("carel", "10.201.72.0/30")
        defer { network.remove() }
        #expect(addressOfRun(on: "carel") == "10.201.72.2")
        // It ends by itself, and stays.
        succeed("run", "--name", "carel1", "--net", "carel", "true")
        let ended = try Box("carel2", on: "carel", ["--stop-timeout", "0"])
        succeed("stop", "carel2")
        let killed = try Box("carel3", on: "carel")
        succeed("kill", "carel3")
        let removed = try Box("carel4", on: "carel")
        removed.remove()
        let dead = try Box("carel5", on: "carel", ["-p", "20172:80"])
        dead.killSupervisor()
        #expect(addressOfRun(on: "carel") == "10.201.72.2")
        for box in [ended, killed, dead] { box.remove() }
        succeed("rm", "carel1")
        #expect(mydocker("run", "--rm", "--net", "carel", "/nonexistent").code == 127)
        #expect(addressOfRun(on: "carel") == "10.201.72.2")
    }

    /// R16.1: name, port and address are free again without any other command.
    @Test func B09_killingAForegroundRunReleasesItsAddress() throws {
        let network = try TestNetwork("cafg", "10.201.73.0/30")
        defer { network.remove() }
        let run = Process()
        run.executableURL = URL(fileURLWithPath: Host.mydocker)
        run.arguments = ["run", "--name", "cafg1", "--net", "cafg", "-p", "20173:80", "sleep", "1000"]
        try run.run()
        let id = { mydocker("inspect", "-f", "{{if .State.Running}}{{.Id}}{{end}}", "cafg1").word }
        Host.wait { id().count == 64 }
        let runtime = "/run/mydocker/containers/\(id())"
        try #require(FileManager.default.fileExists(atPath: runtime))
        #expect(mydocker("run", "--rm", "--net", "cafg", "true").code == 125)
        kill(run.processIdentifier, SIGKILL)
        run.waitUntilExit()
        Host.wait { !FileManager.default.fileExists(atPath: runtime) }
        #expect(!Host.rules("nat").contains { $0.contains("20173") })
        #expect(addressOfRun(on: "cafg", "-p", "20173:80") == "10.201.73.2")
        succeed("rm", "cafg1")
    }

    @Test func B10_parallelRunsGetDistinctAddresses() throws {
        let network = try TestNetwork("capar", "10.201.74.0/24")
        defer { network.remove() }
        // All of them are alive until the last one has been started.
        let names = (0..<16).map { "capar\($0)" }
        let starts = names.map { "$MYDOCKER run -d --name \($0) --net capar sleep 1000 &" }.joined(separator: "\n")
        let outcome = Host.shell("\(starts)\nwait")
        defer { Host.run([Host.mydocker, "rm", "-f"] + names) }
        #expect(outcome.lines.count == 16, "\(outcome.error)")
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        let recorded = Host.run([Host.mydocker, "inspect", "-f", format] + names).lines
        #expect(Set(recorded).count == 16, "\(recorded)")
        // And these are the ones that they have.
        for (name, address) in zip(names, recorded) {
            #expect(Host.run([Host.mydocker, "exec", name] + Self.ownAddress).word == address)
        }
    }

    @Test func B18_aFreedAddressIsTheLastOneToBeUsedAgain() throws {
        let network = try TestNetwork("canext", "10.201.75.0/29")
        defer { network.remove() }
        let addresses = (0..<10).map { _ in addressOfRun(on: "canext") }
        #expect(addresses == ([2, 3, 4, 5, 6] + [2, 3, 4, 5, 6]).map { "10.201.75.\($0)" })
    }

    @Test func anAddressAndAMACOfOnesOwn() throws {
        let network = try TestNetwork("caip", "10.201.76.0/24")
        defer { network.remove() }
        let box = try Box("caip1", on: "caip", ["--ip", "10.201.76.77", "--mac-address", "02:11:22:33:44:55"])
        #expect(box.address == "10.201.76.77")
        let link = succeed("exec", "caip1", "ip", "addr", "show", "eth0").text
        #expect(link.contains("inet 10.201.76.77/24") && link.contains("link/ether 02:11:22:33:44:55"))
        // B19: the holder is named.
        for (address, reason) in [
            ("10.201.76.77", "Address already in use \"10.201.76.77\": held by container \"caip1\""),
            ("10.201.76.1", "Address already in use \"10.201.76.1\": held by the network's gateway"),
            ("10.201.76.0", "requested address is out of range"),
            ("10.201.76.255", "requested address is out of range"),
            ("10.201.77.2", "requested address is out of range"),
            ("fd00::5", "invalid argument \"fd00::5\" for \"--ip\" flag"),
            ("x", "invalid argument \"x\" for \"--ip\" flag"),
        ] {
            let outcome = mydocker("run", "--rm", "--net", "caip", "--ip", address, "true")
            #expect(outcome.code == 125 && outcome.error.contains(reason), "\(address): \(outcome.error)")
        }
        for mac in ["x", "01:00:5e:00:00:01", "00:00:00:00:00:00"] {
            #expect(mydocker("run", "--rm", "--net", "caip", "--mac-address", mac, "true").code == 125, "\(mac)")
        }
        // Nobody else is given it by chance, and afterwards anybody may have it.
        #expect(addressOfRun(on: "caip") != "10.201.76.77")
        box.remove()
        #expect(addressOfRun(on: "caip", "--ip", "10.201.76.77") == "10.201.76.77")
    }

    @Test func B02_B11_aDamagedPoolIsRebuiltFromTheRecords() throws {
        let network = try TestNetwork("cadamage", "10.201.78.0/29")
        defer { network.remove() }
        let first = try Box("cadamage1", on: "cadamage")
        let second = try Box("cadamage2", on: "cadamage")
        let pool = "\(network.runtime)/pool"
        var taken: Set<String> = [first.address, second.address]
        var boxes = [first, second]
        for (index, damage) in [": >\(pool)", "rm \(pool)", "head -c 100 /dev/urandom >\(pool)"].enumerated() {
            Host.shell(damage)
            let box = try Box("cadamage\(index + 3)", on: "cadamage")
            #expect(taken.insert(box.address).inserted, "\(damage): \(box.address)")
            boxes.append(box)
        }
        #expect(
            mydocker("run", "--rm", "--net", "cadamage", "true").error.contains("5 of 5 in use") || taken.count == 5)
        for box in boxes { box.remove() }
    }

    @Test(arguments: [8, 16, 21, 22])
    func B01_aLargeSubnetWorksLikeASmallOne(prefix: Int) throws {
        let network = try TestNetwork("cabig", "11.0.0.0/\(prefix)")
        defer { network.remove() }
        #expect(addressOfRun(on: "cabig") == "11.0.0.2")
        #expect(addressOfRun(on: "cabig") == "11.0.0.3")
    }

    /// When the rules cannot be taken away, the address is not given to anybody else.
    @Test func anAddressIsHeldAsLongAsARuleNamesIt() throws {
        succeed("run", "--rm", "true")
        try Ledger.expectUnchanged {
            let network = try TestNetwork("caheld", "10.202.90.1/24")
            defer { network.remove() }
            let box = try Box("caheldbox", on: "caheld", ["-p", "7932:80"])
            box.killSupervisor()
            try withScratch { scratch in
                let list = scratch + "/points"
                let script = """
                    MYDOCKER_FAULT=error@1 MYDOCKER_FAULT_LIST=\(list) $MYDOCKER rm caheldbox
                    for point in 2 3 4; do
                      grep -q 'firewall table' \(list) && break
                      rm \(list)
                      MYDOCKER_FAULT=error@$point MYDOCKER_FAULT_LIST=\(list) $MYDOCKER rm caheldbox
                    done
                    """
                Host.shell(script)
                #expect(Host.read(list).contains("write firewall table"))
            }
            let report = try CheckReport.take()
            #expect(report.found.isSuperset(of: ["rule", "address"]), "\(report.findings)")
            succeed("rm", "caheldbox")
        }
    }

    @Test func B16_publicAddressSpaceIsWarnedAbout() throws {
        let outcome = mydocker("network", "create", "--subnet", "162.16.0.0/24", "capub")
        defer { succeed("network", "rm", "capub") }
        #expect(outcome.code == 0)
        #expect(outcome.error.contains("162.16.0.0/24 is public address space"))
        #expect(outcome.text.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
    }
}
