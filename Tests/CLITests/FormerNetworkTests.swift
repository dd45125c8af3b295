import Foundation
import Testing

extension CLI.Networks {
    /// A network with a container on it as the release before had them: under its name, in /run as well, and without a link.
    private static func withFormerNetwork(
        _ name: String, _ subnet: String, _ body: (Box, _ runtime: String) throws -> Void
    ) throws {
        let network = try TestNetwork(name, subnet)
        let box = try Box("\(name)box", on: name, ["-p", "20300:80"])
        let runtime = "/run/mydocker/networks/\(name)"
        Host.shell(
            """
            set -e; mv \(network.record) /var/lib/mydocker/networks/\(name).json; mv \(network.runtime) \(runtime)
            rm /var/lib/mydocker/network-names/\(name)
            """)
        defer {
            box.remove()
            network.remove()
        }
        try body(box, runtime)
    }

    @Test func aNetworkOfTheReleaseBeforeIsListedAndUsed() throws {
        try Ledger.expectUnchanged {
            try Self.withFormerNetwork("cnformer", "10.201.144.0/24") { box, runtime in
                try CheckReport.expectClean()
                #expect(succeed("network", "ls", "--format", "{{.Name}}").lines.contains("cnformer"))
                let id = succeed("network", "inspect", "-f", "{{.Id}}", "cnformer").word
                #expect(succeed("network", "inspect", "-f", "{{.Name}}", String(id.prefix(12))).word == "cnformer")
                let address = succeed("run", "--rm", "--net", "cnformer", "hostname", "-i").word
                #expect(address.hasPrefix("10.201.144.") && address != box.address)
                let taken = mydocker("run", "--rm", "--net", "cnformer", "--ip", box.address, "true")
                #expect(
                    taken.code == 125 && taken.error.contains("held by container \"cnformerbox\""), "\(taken.error)")
                let again = mydocker("network", "create", "--subnet", "10.201.145.0/24", "cnformer")
                #expect(again.code == 1 && again.error.contains("network with name cnformer already exists"))
                let removal = mydocker("network", "rm", "cnformer")
                #expect(removal.code == 1 && removal.error.contains("has active endpoints (name:\"cnformerbox\""))
                #expect(Host.exists(runtime + "/pool"))
            }
            #expect(!Host.exists("/run/mydocker/networks/cnformer"))
        }
    }

    /// Its pool, and what is known of it, comes from the containers' records.
    @Test func aFormerPoolIsMadeAgainWhereItIs() throws {
        try Ledger.expectUnchanged {
            try Self.withFormerNetwork("cnformpool", "10.201.146.0/30") { box, runtime in
                for damage in ["rm \(runtime)/pool", "rm -r \(runtime)"] {
                    Host.shell(damage)
                    let full = mydocker("run", "--rm", "--net", "cnformpool", "true")
                    #expect(full.code == 125 && full.error.contains("1 of 1 in use"), "\(damage): \(full.error)")
                    #expect(Host.exists(runtime + "/pool"))
                }
            }
        }
    }

    /// Two commands at once: one makes it, and the other one says so.
    @Test func ofTwoNetworksOfOneNameOneIsMade() throws {
        try Ledger.expectUnchanged {
            for round in 0..<5 {
                let commands = try (0..<3).map {
                    let subnet = "10.201.\(147 + $0).0/24"
                    return try GroupCommand([Host.mydocker, "network", "create", "--subnet", subnet, "cnboth"])
                }
                let codes = commands.map { $0.end(seconds: 20) }
                #expect(codes.count { $0 == 0 } == 1, "round \(round): \(codes) \(commands.map(\.text))")
                for (command, code) in zip(commands, codes) where code != 0 {
                    #expect(command.text == "mydocker: network with name cnboth already exists\n")
                }
                #expect(succeed("network", "ls", "-q", "-f", "name=cnboth").lines.count == 1)
                succeed("network", "rm", "cnboth")
            }
        }
    }
}
