import Foundation
import Testing

extension CLI.Networks {
    private static let first = "10.201.95.0/24"
    private static let second = "10.201.96.0/24"

    /// Defect 3. At each point of a run the network is removed and made again with another subnet: either the removal is
    /// refused, or the run ends with one true sentence. Nothing is left, and the new network works.
    @Test func D3_aNetworkIsRemovedUnderARun() throws {
        #expect(Host.hasDefaultImage)
        let command = ["run", "--rm", "--net", "cngone", "true"]
        let list = "\(NSTemporaryDirectory())/removal-points"
        let reference = try TestNetwork("cngone", Self.first)
        let listed = Host.run([Host.mydocker] + command, environment: ["MYDOCKER_FAULT_LIST": list])
        try #require(listed.code == 0, "\(listed.error)")
        reference.remove()
        let points = Host.read(list).split(separator: "\n").map(String.init)
        try #require(points.contains { $0.contains(reference.runtime) })
        var refusals = 0
        try Ledger.expectUnchanged {
            for (index, point) in points.enumerated() {
                if try !isRemoved(duringPoint: index + 1, of: command, what: point) { refusals += 1 }
            }
        }
        #expect(refusals > 0 && refusals < points.count, "\(refusals) of \(points.count)")
    }

    private func isRemoved(duringPoint number: Int, of command: [String], what: String) throws -> Bool {
        let network = try TestNetwork("cngone", Self.first)
        defer { network.remove() }
        let run = try GroupCommand([Host.mydocker] + command, environment: ["MYDOCKER_FAULT": "stop@\(number)"])
        Host.wait { run.code != nil || Host.state(of: Int(run.pid)) == "T" }
        let removal = try GroupCommand([Host.mydocker, "network", "remove", "cngone"])
        // Where the run has a lock, or clears away, the removal waits for it.
        _ = eventually(seconds: 0.3) { removal.code != nil }
        let isAtOnce = removal.code == 0
        if isAtOnce { succeed("network", "create", "--subnet", Self.second, "cngone") }
        kill(run.pid, SIGCONT)
        let code = run.end(seconds: 20)
        let isRemoved = removal.end(seconds: 20) == 0
        if isRemoved, !isAtOnce { succeed("network", "create", "--subnet", Self.second, "cngone") }
        if !isRemoved {
            #expect(removal.text.contains("network cngone has active endpoints (name:"), "\(what): \(removal.text)")
        }
        if isRemoved, code != 0 {
            #expect(code == 125 && run.text.contains("network cngone not found"), "\(what): \(run.text)")
            #expect(run.text.split(separator: "\n").count == 1, "\(what): \(run.text)")
        } else {
            #expect(code == 0 && run.text == "", "\(what): \(run.text)")
        }
        let address = ["run", "--rm", "--net", "cngone", "ip", "-o", "address", "show", "eth0"]
        let next = Host.run([Host.mydocker] + address)
        let subnet = isRemoved ? "10.201.96." : "10.201.95."
        #expect(next.code == 0 && next.text.contains(subnet) && next.error == "", "\(what): \(next.text) \(next.error)")
        try CheckReport.expectClean()
        return isRemoved
    }

    /// Defect 3, without a new one of that name: the directory of the removed one does not come back.
    @Test func D3_aNetworkThatIsGoneLeavesNoDirectory() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("cngone2", Self.first)
            let list = "\(NSTemporaryDirectory())/lease-points"
            let command = ["run", "--rm", "--net", "cngone2", "true"]
            Host.run([Host.mydocker] + command, environment: ["MYDOCKER_FAULT_LIST": list])
            let points = Host.read(list).split(separator: "\n")
            // The one before its first look at the network's directory.
            let number = try #require(points.firstIndex { $0.contains(network.runtime) })
            network.remove()
            let second = try TestNetwork("cngone2", Self.first)
            let run = try GroupCommand([Host.mydocker] + command, environment: ["MYDOCKER_FAULT": "stop@\(number)"])
            Host.wait { Host.state(of: Int(run.pid)) == "T" }
            second.remove()
            kill(run.pid, SIGCONT)
            #expect(run.end(seconds: 20) == 125 && run.text == "mydocker: network cngone2 not found\n", "\(run.text)")
            #expect(!Host.exists(second.runtime))
            try CheckReport.expectClean()
        }
    }

    /// Defect 7. However a network is named, a container is on the network of that name.
    @Test func D7_aNetworkNamedByItsIDIsKnownByItsName() throws {
        let network = try TestNetwork("cnbyid", "10.201.97.0/24")
        defer { network.remove() }
        let id = succeed("network", "inspect", "-f", "{{.Id}}", "cnbyid").word
        for text in [id, String(id.prefix(12)), String(id.prefix(8))] {
            let box = try Box("cnbyidbox", on: text)
            defer { box.remove() }
            #expect(succeed("ps", "--format", "{{.Networks}}", "-f", "name=cnbyidbox").word == "cnbyid")
            let keys =
                "{{range $name, $value := .NetworkSettings.Networks}}{{$name}}{{end}} {{.HostConfig.NetworkMode}}"
            #expect(succeed("inspect", "-f", keys, "cnbyidbox").word == "cnbyid cnbyid")
            #expect(succeed("ps", "-q", "-f", "network=cnbyid").lines.count == 1)
        }
    }

    /// What a dead container had goes with the command that removes the network, not with the one after it.
    @Test func removingANetworkClearsAwayTheDead() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("cndead", "10.201.98.0/24")
            let box = try Box("cndeadbox", on: "cndead", ["-p", "20198:80"])
            box.killSupervisor()
            #expect(FileManager.default.fileExists(atPath: "/run/mydocker/containers/\(box.id)"))
            network.remove()
            #expect(!FileManager.default.fileExists(atPath: "/run/mydocker/containers/\(box.id)"))
            #expect(!Host.rules("nat").contains { $0.contains("20198") })
            #expect(succeed("inspect", "-f", "{{.State.ExitCode}}", "cndeadbox").word == "137")
            succeed("rm", "cndeadbox")
        }
    }

    /// A lease without any record: its container was killed before it had one.
    @Test func aLeaseWithoutARecordFillsNoNetwork() throws {
        let network = try TestNetwork("cnorphan", "10.201.99.0/30")
        defer { network.remove() }
        let box = try Box("cnorphanbox", on: "cnorphan")
        box.killSupervisor()
        Host.shell(
            """
            for directory in $(find /sys/fs/cgroup -type d -name \(box.id)); do rmdir $directory; done
            rm -r /var/lib/mydocker/containers/\(box.id) /run/mydocker/containers/\(box.id) /var/lib/mydocker/names/cnorphanbox
            """)
        let next = mydocker("run", "--rm", "--net", "cnorphan", "true")
        #expect(next.code == 0, "\(next.error)")
    }

    /// A bridge that was deleted has let go of its ports, and their settings with them.
    @Test func portsOfARestoredBridgeAreWhatTheyWere() throws {
        let network = try TestNetwork("cnport", "10.201.100.0/24")
        defer { network.remove() }
        let published = try Box("cnport1", on: "cnport", ["-p", "20199:80"])
        let plain = try Box("cnport2", on: "cnport")
        defer { for box in [published, plain] { box.remove() } }
        func settings() -> [String] {
            [published, plain].flatMap { box in
                let link = box.id.prefix(5)
                let words = Host.run(["bridge", "-d", "link", "show", "dev", "\(link)"]).text
                    .matches(of: #/(hairpin|learning) (on|off)/#).map { String($0.0) }
                let entries = Host.run(["bridge", "fdb", "show", "dev", "\(link)"]).lines.filter {
                    $0.contains("static")
                }
                return words + entries.sorted() + Host.run(["tc", "filter", "show", "dev", "\(link)", "ingress"]).lines
            }
        }
        let before = settings()
        #expect(before.contains("hairpin on") && before.contains("hairpin off") && !before.contains("learning on"))
        Host.run(["ip", "link", "delete", "cnport"])
        succeed("network", "reload", "cnport")
        #expect(settings() == before)
        try Server.with(published.place, .tcp, 80, name: "own") { _ in
            #expect(published.place.ask(.tcp, "10.201.100.1", 20199) == .said("own to 10.201.100.1"))
        }
    }
}
