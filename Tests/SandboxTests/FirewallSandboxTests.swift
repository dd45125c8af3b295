import Core
import Glibc
import Linux
import Testing

@testable import Firewall

/// Against the kernel, each test in a network namespace of its own.
@Suite(.serialized) struct FirewallSandboxTests {
    private let firewall = IPTablesFirewall()

    private static let intent = NetworkIntent(
        bridge: "testbridge", gateway: Subnet(IPAddress(ipv4: 0xc0a8_0a01), 24), isInternal: false)

    private static var withoutNetwork: FirewallChange { FirewallChange(withdrawing: intent.owner, of: [.ipv4]) }

    private static let networkRules =
        IntentRules.rules(of: intent) + [
            // Nobody asks for this one; it has every match at once.
            FirewallRule(
                .nat, "MYDOCKER-POSTROUTING", source: intent.gateway.map { .not($0.network) },
                destination: intent.gateway.map { .not($0.network) },
                output: .not(intent.bridge), transport: .udp, ports: 5...7, isToLocalAddress: true,
                states: .not([.new, .invalid, .untracked]), target: .return)
        ]

    private static let network: FirewallChange = {
        var change = FirewallChange([.filter, .nat], layouts: .ensure([IntentRules.layout(of: .ipv4)]))
        change.set(intent.owner, networkRules)
        return change
    }()

    private static func endpoint(_ id: String, _ mappings: [PortMapping] = []) -> PublishedPorts {
        PublishedPorts(
            endpoint: EndpointID(id + String(repeating: "0", count: 52)) ?? .unknown,
            address: IPAddress(ipv4: 0xc0a8_0a02), ports: mappings)
    }

    private static func container(_ id: String, _ mappings: [PortMapping]) -> FirewallIntent {
        FirewallIntent(published: [endpoint(id, mappings)])
    }

    private static let mappings: [PortMapping] =
        [PortMapping(hostAddress: .loopbackIPv4, hostPort: 90, containerPort: 90)]
        + (8000...8009).map { PortMapping(hostPort: $0, containerPort: $0) }
        + (7000...7003).map { PortMapping(hostPort: $0, containerPort: $0 + 2000, transport: .udp) }
        + (6000...6003).map { PortMapping(hostPort: $0, containerPort: $0, transport: .sctp) }

    /// Rules of somebody else, everywhere and of kinds that are opaque to us.
    private static let foreignRules = [
        "-t nat -N DOCKER", "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-t nat -A DOCKER -p tcp -m multiport --dports 1,2,3 -j DNAT --to-destination 10.0.0.1-10.0.0.9:7 --random",
        "-t nat -A POSTROUTING -s 10.9.0.0/16 -m limit --limit 5/min -j MASQUERADE --random",
        "-t nat -A OUTPUT -p tcp -m tcp --dport 5 -j REDIRECT --to-ports 6", "-P FORWARD DROP",
        "-A FORWARD -i eth+ -m conntrack --ctstate INVALID -j DROP", "-A FORWARD -p icmp -j ACCEPT",
        "-A INPUT -p tcp -m tcp ! --dport 22 --tcp-flags SYN,ACK SYN -m comment --comment keep -j REJECT",
    ]

    @Test func rulesPrintAsIptablesPrintsThem() throws {
        try inFreshNetwork {
            try firewall.apply(Self.network)
            try firewall.establish(Self.container("0123456789ab", Self.mappings))
            for table in [FirewallTable.filter, .nat] {
                let own = try ownRules(table)
                let wanted = own.map(\.description).sorted()
                #expect(try iptables("-t", table.name, "-S").filter { $0.hasPrefix("-A") }.sorted() == wanted)
                #expect(try save(table).filter { $0.hasPrefix("-A") }.sorted() == wanted)
            }
            #expect(Files.status("/run/xtables.lock").map { $0.st_mode & 0o777 } == 0o600)
            let all =
                Self.networkRules + IntentRules.layout(of: .ipv4).headJumps + IntentRules.layout(of: .ipv4).tailJumps
            #expect(Set(try ownRules(.filter)) == Set(all.filter { $0.table == .filter }))
            #expect(Set(all.filter { $0.table == .nat }).isSubset(of: try ownRules(.nat)))
        }
    }

    /// What iptables makes of a printed line is byte for byte what is in the kernel: it finds and removes it.
    @Test func iptablesRecognizesEveryRule() throws {
        try inFreshNetwork {
            try firewall.apply(Self.network)
            try firewall.establish(Self.container("0123456789ab", Self.mappings))
            for table in [FirewallTable.filter, .nat] {
                for rule in try ownRules(table) {
                    let words = rule.description.split(separator: " ").map(String.init)
                    try iptables(["-t", table.name, "-D"] + words.dropFirst())
                }
                #expect(try save(table).filter { $0.hasPrefix("-A") } == [])
            }
        }
    }

    @Test func rulesMadeByIptablesAreReadAsOurs() throws {
        try inFreshNetwork {
            try firewall.apply(Self.network)
            try firewall.establish(Self.container("0123456789ab", Self.mappings))
            let before = try dump()
            for table in [FirewallTable.filter, .nat] {
                for rule in try ownRules(table) where rule.chain.hasPrefix("MYDOCKER") {
                    let words = rule.description.split(separator: " ").map(String.init)
                    try iptables(["-t", table.name, "-D"] + words.dropFirst())
                    try iptables(["-t", table.name, "-A"] + words.dropFirst())
                }
            }
            #expect(try dump() == before)
            #expect(try !firewall.apply(Self.network))
            #expect(try !firewall.establish(Self.container("0123456789ab", Self.mappings)))
        }
    }

    @Test func foreignRulesAreUntouchedAndNothingIsLeft() throws {
        try inFreshNetwork {
            for rule in Self.foreignRules { try iptables(rule.split(separator: " ").map(String.init)) }
            let before = try dump()
            try firewall.apply(Self.network)
            let created = try dump()
            #expect(try !firewall.apply(Self.network))
            #expect(try dump() == created)
            try firewall.establish(Self.container("0123456789ab", Self.mappings))
            #expect(try dump().filter { !$0.contains("MYDOCKER") } == before)
            try iptables("-I", "FORWARD", "1", "-s", "1.2.3.4", "-j", "ACCEPT")
            try iptables("-A", "FORWARD", "-s", "1.2.3.5", "-j", "ACCEPT")
            let withMore = try dump().filter { !$0.contains("MYDOCKER") }
            let gone = Self.endpoint("0123456789ab").owner
            try firewall.withdraw(gone, of: [.ipv4], withOpenPorts: false)
            #expect(try !firewall.apply(FirewallChange(withdrawing: gone)))
            try firewall.apply(Self.withoutNetwork)
            #expect(try dump() == withMore)
            try iptables("-D", "FORWARD", "-s", "1.2.3.4", "-j", "ACCEPT")
            try iptables("-D", "FORWARD", "-s", "1.2.3.5", "-j", "ACCEPT")
            #expect(try dump() == before)
        }
    }

    /// Nothing that a packet has counted is lost by a commit.
    @Test func countersSurvive() throws {
        try inFreshNetwork {
            try iptables("-A", "OUTPUT", "-s", "1.2.3.4", "-j", "DROP", "-c", "123456", "654321")
            try firewall.apply(Self.network)
            #expect(try iptables("-S", "OUTPUT", "-v").contains("-A OUTPUT -s 1.2.3.4/32 -c 123456 654321 -j DROP"))
        }
    }

    @Test func aFlushIsRepaired() throws {
        try inFreshNetwork {
            try firewall.apply(Self.network)
            let before = try dump()
            for table in [FirewallTable.filter, .nat] {
                try iptables("-t", table.name, "-F")
                #expect(try firewall.apply(Self.network))
                #expect(try dump() == before)
                try iptables("-t", table.name, "-F")
                try iptables("-t", table.name, "-X")
                #expect(try firewall.apply(Self.network))
                #expect(try dump() == before)
            }
        }
    }

    @Test func theUsersChainOutlivesTheLastNetwork() throws {
        try inFreshNetwork {
            try firewall.apply(Self.network)
            try iptables("-A", "MYDOCKER-USER", "-i", "testbridge", "-j", "DROP")
            try firewall.apply(Self.withoutNetwork)
            let left = try dump().filter { $0.contains("MYDOCKER") }
            #expect(
                left == [
                    ":MYDOCKER-USER -", "-A FORWARD -j MYDOCKER-USER", "-A MYDOCKER-USER -i testbridge -j DROP",
                ])
        }
    }

    @Test func aStaleOwnerIsReplacedInOneCommit() throws {
        try inFreshNetwork {
            let port = [PortMapping(hostPort: 80, containerPort: 80)]
            try firewall.establish(Self.container("0123456789ab", port))
            #expect(throws: OperationError.self) { try firewall.establish(Self.container("ffffffffffff", port)) }
            try firewall.establish(Self.container("ffffffffffff", port)) { $0 == .endpoint("0123456789ab") }
            #expect(try dump().filter { $0.contains("--dport") }.map { $0.contains("ffffffffffff") } == [true])
        }
    }

    // MARK: Taking turns

    @Test func parallelWritersLoseNothing() throws {
        try inFreshNetwork {
            try iptables("-N", "FOREIGN")
            try iptables("-t", "nat", "-N", "FOREIGN")
            try firewall.apply(Self.network)
            let before = try dump()
            let foreign = InThread { try foreignWriter(rounds: 40) }
            let own = (0..<8).map { thread in InThread { try ownWriter(thread, rounds: 25) } }
            for writer in own { #expect(writer.wait() == nil) }
            #expect(foreign.wait() == nil)
            let rules = try ownRules(.nat).filter { $0.chain == "MYDOCKER-DNAT" }
            #expect(rules.count == 8)
            #expect(Set(rules.compactMap(\.owner)).count == 8)
            #expect(try iptables("-t", "nat", "-S", "FOREIGN").count == 1 + 20)
            let others = try dump().filter { !$0.contains("-A FOREIGN") && !$0.contains("-A MYDOCKER-DNAT") }
            #expect(others == before)
        }
    }

    /// Adds and removes ports, and leaves one rule.
    private func ownWriter(_ thread: Int, rounds: Int) throws {
        for round in 0..<rounds {
            let id = "00000000" + String(thread * 100 + round + 1000)
            let port = [PortMapping(hostPort: UInt16(1000 + thread * 100 + round), containerPort: 80)]
            try firewall.establish(Self.container(id, port))
            if round == rounds - 1 { break }
            try firewall.withdraw(Self.endpoint(id).owner, of: [.ipv4], withOpenPorts: false)
        }
    }

    /// Adds as many rules as there are rounds and removes every second again.
    private func foreignWriter(rounds: Int) throws {
        for round in 0..<rounds {
            let rule = ["FOREIGN", "-s", "10.0.0.\(round)", "-j", "ACCEPT"]
            try iptables(["-w", "-t", "nat", "-A"] + rule)
            if round % 2 == 0 { try iptables(["-w", "-t", "nat", "-D"] + rule) }
        }
    }

    /// Somebody who does not take the lock makes commits fail; they are tried again and never show.
    @Test func writersWithoutTheLockAreOutlasted() throws {
        try inFreshNetwork {
            let rude = IPTablesFirewall(lockPath: "/run/another.lock")
            let writers = [firewall, rude].enumerated().map { index, firewall in
                InThread {
                    for round in 0..<200 {
                        let port = [PortMapping(hostPort: UInt16(1000 + index), containerPort: 80)]
                        let id = "00000000000" + String(index)
                        try firewall.establish(Self.container(id, round % 2 == 0 ? port : []))
                    }
                }
            }
            for writer in writers { #expect(writer.wait() == nil) }
        }
    }

    /// The first reader of a table makes it: whoever comes at the same moment is not to notice.
    @Test func manyWhoAreTheFirstToReadATable() throws {
        for _ in 0..<30 {
            try inFreshNetwork {
                let readers = (0..<4).map { _ in InThread { _ = try ownRules(.nat) } }
                for reader in readers { #expect(reader.wait() == nil) }
            }
        }
    }

    @Test func aTimeoutNamesTheHolder() throws {
        try inFreshNetwork {
            let path = "/run/held.lock"
            let holder = try spawn(["/usr/bin/flock", "--no-fork", path, "/bin/sleep", "60"])
            defer { end(holder) }
            let impatient = IPTablesFirewall(lockPath: path, lockMilliseconds: 100)
            try waitUntil { LockHolder.find(path) != nil }
            let error = #expect(throws: OperationError.self) { try impatient.apply(Self.network) }
            let text = error?.description ?? ""
            #expect(text.hasPrefix("take xtables lock \"/run/held.lock\": held by process "), "\(text)")
            #expect(text.contains("(/bin/sleep 60)"), "\(text)")
            #expect(text.hasSuffix("waited 100 ms"), "\(text)")
            // Whoever then undoes what it did before does not wait as long again.
            let again = #expect(throws: OperationError.self) { try impatient.apply(Self.network) }
            #expect(again?.description.hasSuffix("waited 0 ms") == true, "\(again?.description ?? "")")
            #expect(try dump() == [])
        }
    }
}

// MARK: The pretend host

extension FirewallSandboxTests {
    /// Those of our chains in order, and the jumps into them.
    private func ownRules(_ name: FirewallTable) throws -> [FirewallRule] {
        let table = try IPTablesTable(name)
        let rules = table.chains.filter { $0 != OwnChain.user }.flatMap { chain in
            table.rules(in: chain).compactMap { $0.decoded(name, chain) }
        }
        return rules.filter { rule in
            if case .jump(let target) = rule.target { return target.hasPrefix(OwnChain.prefix) }
            return rule.chain.hasPrefix(OwnChain.prefix)
        }
    }

    /// Tables without comments and counters; a table that nobody has used yet is not there.
    private func dump() throws -> [String] { try [FirewallTable.filter, .nat].flatMap(save) }

    private func save(_ table: FirewallTable) throws -> [String] {
        try run(["/usr/sbin/iptables-legacy-save", "-t", table.name]).filter { !$0.hasPrefix("#") }
            .filter { $0.hasPrefix("-A") || ($0.hasPrefix(":") && !$0.hasSuffix(" ACCEPT [0:0]")) }
            .map { String($0.prefix { $0 != "[" }).trimmed }
    }

    @discardableResult
    private func iptables(_ arguments: String...) throws -> [String] { try iptables(arguments) }

    @discardableResult
    private func iptables(_ arguments: [String]) throws -> [String] {
        try run(["/usr/sbin/iptables-legacy"] + arguments)
    }

    private func waitUntil(_ condition: () -> Bool) throws {
        for _ in 0..<500 where !condition() { usleep(10_000) }
        try #require(condition())
    }
}

extension String {
    fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()).trimmed : self }
}

extension IPTablesFirewall {
    @discardableResult
    fileprivate func establish(
        _ intent: FirewallIntent, isStale: (FirewallOwner) -> Bool = { _ in false }
    ) throws(OperationError) -> Bool {
        try establish(isStale: isStale) { intent }
    }

    @discardableResult
    fileprivate func apply(_ change: FirewallChange) throws(OperationError) -> Bool { try apply { change } }
}
