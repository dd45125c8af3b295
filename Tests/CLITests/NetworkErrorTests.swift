import Foundation
import Testing

extension CLI.Networks {
    /// A command that must fail with code 1, one clear line, nothing on stdout, and nothing done.
    /// - Parameter isAlone: the error begins with `text`, without a warning before it.
    private func expectFailure(
        _ arguments: [String], _ text: String, code: Int32 = 1, isAlone: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let outcome = Host.run([Host.mydocker] + arguments, sourceLocation: sourceLocation)
        #expect(outcome.code == code, "\(arguments): \(outcome.error)", sourceLocation: sourceLocation)
        #expect(outcome.error.contains(text), "\(arguments): \(outcome.error)", sourceLocation: sourceLocation)
        if isAlone { #expect(outcome.error.hasPrefix(text), "\(outcome.error)", sourceLocation: sourceLocation) }
        #expect(outcome.text == "", "\(arguments)", sourceLocation: sourceLocation)
    }

    @Test func B22_aNameThatIsTaken() throws {
        let network = try TestNetwork("cnetaken", "10.201.20.1/24")
        defer { network.remove() }
        Ledger.expectUnchanged {
            for subnet in ["10.201.20.1/24", "10.201.21.0/24"] {
                expectFailure(
                    ["network", "create", "--subnet", subnet, "cnetaken"], "network with name cnetaken already exists")
            }
        }
        #expect(succeed("network", "ls", "--filter", "name=cnetaken").lines.count == 2)
        #expect(Host.run(["ip", "-4", "-o", "addr", "show", "cnetaken"]).lines.count == 1)
    }

    @Test func B14_aSubnetThatOverlaps() throws {
        let network = try TestNetwork("cneover", "10.201.22.0/24")
        defer { network.remove() }
        try Outside.with { _ in
            Host.run(["ip", "route", "add", "10.201.24.0/24", "via", Outside.address])
            Ledger.expectUnchanged {
                for (subnet, owner) in [
                    ("10.201.22.0/24", "cneover"), ("10.201.22.9/25", "cneover"), ("10.201.0.0/16", "overlaps"),
                    ("10.200.0.0/24", "10.200.0.1/24"), ("10.200.0.0/28", "10.200.0"),
                    ("10.201.24.128/25", "10.201.24.0/24"), ("10.201.24.0/23", "10.201.24.0/24"),
                ] {
                    let arguments = ["network", "create", "--subnet", subnet, "cneover2"]
                    expectFailure(
                        arguments, "invalid pool request: Pool overlaps with other one on this address space")
                    #expect(Host.run([Host.mydocker] + arguments).error.contains(owner), "\(subnet)")
                }
            }
        }
        // Next to each other is not over each other.
        try TestNetwork("cneover3", "10.201.23.0/24").remove()
    }

    @Test func B23_aForeignInterfaceIsNeitherTakenNorDeleted() throws {
        Host.shell(
            "ip link add cneforeign type bridge; ip addr add 10.201.39.1/24 dev cneforeign; ip link set cneforeign up")
        defer { Host.run(["ip", "link", "delete", "cneforeign"]) }
        Ledger.expectUnchanged {
            expectFailure(
                ["network", "create", "--subnet", "10.201.25.0/24", "cneforeign"],
                "an interface of that name exists and is not mydocker's")
            expectFailure(["network", "create", "--subnet", "10.201.25.0/24", "lo"], "exists and is not mydocker's")
            expectFailure(["network", "rm", "cneforeign"], "network cneforeign not found")
        }
        // Also when it took the place of ours: it is not used, and stays when the network is removed.
        let network = try TestNetwork("cneswap", "10.201.26.0/24")
        Host.shell("ip link delete cneswap; ip link add cneswap type bridge; ip link set cneswap up")
        defer { Host.run(["ip", "link", "delete", "cneswap"]) }
        let run = mydocker("run", "--rm", "--net", "cneswap", "true")
        #expect(run.code == 125)
        #expect(run.error.contains("not mydocker's"), "\(run.error)")
        #expect(Host.run(["ip", "-4", "-o", "addr", "show", "cneswap"]).text == "")
        network.remove()
        #expect(Host.hasLink("cneswap"))
    }

    @Test func B24_aSubnetThatCannotBe() {
        let reasons = [
            "the prefix length must be 8 to 30": ["10.201.27.0/31", "10.201.27.0/32", "10.0.0.0/7", "0.0.0.0/0"],
            "the prefix length must be 8 to 126": ["fd00::/127", "fd00::1/128", "fc00::/7"],
            "no unicast addresses": [
                "::ffff:10.201.27.0/120", "fe80::/64", "ff02::/64", "::1/64", "224.0.0.0/24", "127.0.0.0/24",
                "0.0.0.0/8", "255.255.255.0/24",
            ],
        ]
        Ledger.expectUnchanged {
            for (reason, subnets) in reasons {
                for subnet in subnets {
                    expectFailure(
                        ["network", "create", "--subnet", subnet, "cnebad"],
                        "mydocker: invalid subnet \(subnet): \(reason)", isAlone: true)
                }
            }
        }
    }

    /// A flag's value that cannot be read is an error of the command line.
    @Test func B08_B24_aSubnetThatIsNone() {
        Ledger.expectUnchanged {
            for subnet in [
                "10.201.27.0", "10.201.27.0/33", "10.201.27.300/24", "abc", " ", "/24", "10.201.27/24", "fd00::/129",
            ] {
                expectFailure(
                    ["network", "create", "--subnet", subnet, "cnebad"],
                    #"invalid argument "\#(subnet)" for "--subnet" flag"#, code: 125)
            }
        }
    }

    @Test func B25_aDriverThatIsNotThere() {
        Ledger.expectUnchanged {
            expectFailure(
                ["network", "create", "--driver", "overlay", "--subnet", "10.201.27.0/24", "cnebad"],
                #"unknown network driver "overlay" (have: bridge, ipvlan, macvlan)"#)
        }
    }

    @Test func B26_aGatewayThatCannotBe() {
        Ledger.expectUnchanged {
            for (gateway, reason) in [
                ("10.201.28.1", "parent subnet 10.201.27.0/24 doesn't contain this address"),
                ("10.201.27.0", "it is the network's own or the broadcast address"),
                ("10.201.27.255", "it is the network's own or the broadcast address"),
            ] {
                expectFailure(
                    ["network", "create", "--subnet", "10.201.27.0/24", "--gateway", gateway, "cnebad"],
                    "invalid gateway \(gateway): \(reason)")
            }
        }
    }

    @Test func B27_aNameThatIsNone() {
        Ledger.expectUnchanged {
            for name in [
                "a/b", "a b", "", ".", "..", "../../etc", "-x", "_x", "a\nb", "a:b", "ü",
                String(repeating: "n", count: 200),
            ] {
                expectFailure(
                    ["network", "create", "--subnet", "10.201.27.0/24", "--", name],
                    "invalid network name (\(name.replacing("\n", with: #"\n"#))), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
                )
            }
        }
    }

    @Test func B94_aMistypedFlagIsNamed() {
        Ledger.expectUnchanged {
            expectFailure(
                ["network", "create", "--subset", "10.201.27.0/24", "cnebad"],
                "unknown flag: --subset (did you mean --subnet?)", code: 125)
        }
    }

    @Test func predefinedNetworksAreNeitherMadeNorRemoved() {
        Ledger.expectUnchanged {
            for name in ["bridge", "host", "none"] {
                expectFailure(
                    ["network", "create", "--subnet", "10.201.27.0/24", name],
                    "operation is not permitted on predefined \(name) network")
                expectFailure(["network", "remove", name], "\(name) is a pre-defined network and cannot be removed")
            }
        }
    }

    @Test func B28_aNetworkInUse() throws {
        Host.settle()
        let network = try TestNetwork("cneuse", "10.201.29.0/24")
        let box = try Box("cneusebox", on: "cneuse")
        Ledger.expectUnchanged {
            expectFailure(
                ["network", "rm", "cneuse"],
                "error while removing network: network cneuse has active endpoints "
                    + "(name:\"cneusebox\" id:\"\(box.id.prefix(12))\")")
        }
        #expect(succeed("exec", "cneusebox", "ping", "-c", "1", "10.201.29.1").code == 0)
        box.remove()
        network.remove()
    }

    /// A container whose supervisor was killed is no user of the network any more.
    @Test func B28_aDeadContainerKeepsNoNetwork() throws {
        Host.settle()
        try Ledger.expectUnchanged {
            let network = try TestNetwork("cnedead", "10.201.30.0/24")
            let box = try Box("cnedeadbox", on: "cnedead", ["-p", "20130:80"])
            box.killSupervisor()
            network.remove()
            succeed("rm", "cnedeadbox")
        }
    }

    @Test func oneOfSeveralRemovalsFails() throws {
        let first = try TestNetwork("cnesev1", "10.201.31.0/24")
        let second = try TestNetwork("cnesev2", "10.201.32.0/24")
        let box = try Box("cnesevbox", on: "cnesev2")
        let third = try TestNetwork("cnesev3", "10.201.33.0/24")
        let outcome = mydocker("network", "rm", first.name, "nosuch", second.name, third.name)
        #expect(outcome.code == 1)
        #expect(outcome.text == "cnesev1\ncnesev3\n")
        #expect(outcome.error.contains("network nosuch not found"))
        #expect(outcome.error.contains("network cnesev2 has active endpoints"))
        let left = succeed("network", "ls", "--format", "{{.Name}}", "--filter", "name=cnesev").lines
        #expect(left == ["cnesev2"])
        box.remove()
        second.remove()
        let forgiven = mydocker("network", "rm", "-f", "nosuch")
        #expect(forgiven.code == 0 && forgiven.text == "" && forgiven.error == "", "\(forgiven.error)")
    }

    /// B29: whatever is missing of a network, it can be removed.
    @Test func B29_halfANetworkIsRemovedAsAWhole() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("cnehalf", "10.201.34.0/24")
            Host.run(["ip", "link", "delete", "cnehalf"])
            network.remove()
            let other = try TestNetwork("cnehalf", "10.201.34.0/24")
            Host.shell(
                """
                for table in filter nat; do
                    iptables-legacy -t $table -S | grep cnehalf | sed 's/^-A/-D/' | while read -r rule; do
                        iptables-legacy -t $table $rule
                    done
                done
                """)
            try #require(!Host.rules("nat").contains { $0.contains("cnehalf") })
            other.remove()
        }
    }

    /// B26: a step that fails takes back the ones before it.
    @Test func B26_aFailedCreationLeavesNothing() throws {
        Ledger.expectUnchanged {
            // The firewall is the last step, and cannot be written without its lock.
            let outcome = mydocker(
                "network", "create", "--subnet", "10.201.35.0/24", "cnefail",
                environment: ["XTABLES_LOCKFILE": "/nonexistent/lock"])
            #expect(outcome.code == 1)
            #expect(outcome.error.contains("lock"), "\(outcome.error)")
            #expect(!Host.hasLink("cnefail"))
            #expect(!succeed("network", "ls").text.contains("cnefail"))
        }
    }

    @Test func B32_aDamagedDefinitionIsNamedAndHidesNoOther() throws {
        let network = try TestNetwork("cnegood", "10.201.36.0/24")
        let broken = try TestNetwork("cnebroken", "10.201.37.0/24")
        let path = broken.record
        let text = Host.read(path)
        Host.shell("printf '{\"name\": ' >\(path)")
        let list = mydocker("network", "list")
        #expect(list.text.contains("cnegood") && !list.text.contains("cnebroken"))
        #expect(list.error.contains(path), "\(list.error)")
        let run = mydocker("run", "--rm", "--net", "cnebroken", "true")
        #expect(run.code == 125 && run.error.contains(path))
        #expect(succeed("run", "--rm", "--net", "cnegood", "true").code == 0)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        broken.remove()
        network.remove()
    }
}
