import Core
import Netlink

/// The chain that Docker leaves to others, and asks before its own rules: where Docker drops what is forwarded, it is how networks of
/// ours get through. Rules of ours there say in their comment which bridge they are about. Those that somebody has put there
/// himself are asked first, and neither they nor a rule or policy of Docker's is ever changed. (Where Docker uses the legacy
/// tables, our own chain is asked before its policy, and nothing is needed.)
struct DockerUserChain {
    static let all = AddressFamily.allCases.map(DockerUserChain.init)

    let family: AddressFamily
    var chain: RuleChain { RuleChain(family, "filter", "DOCKER-USER") }

    init(_ family: AddressFamily) { self.family = family }

    /// What a network's bridge exchanges with the outside passes; whether our own rules let it is another question. What goes to
    /// one of Docker's bridges is for Docker to decide. Of a network without a way out it is what members exchange, which is asked
    /// about where bridges do so (bridge-nf-call-iptables): Docker switches that on.
    static func rules(for network: NetworkDefinition) -> [InterfaceRule] {
        let device = network.device
        func rule(_ input: String?, _ output: String?, _ verdict: InterfaceRule.Verdict) -> InterfaceRule {
            InterfaceRule(from: input, to: output, verdict, comment: comment(device))
        }
        let members = rule(device, device, .accept)
        guard network.hasWayOut else { return [members] }
        return [
            members, rule(device, "docker+", .goBack), rule(device, "br-+", .goBack),
            rule(device, nil, .accept), rule(nil, device, .accept),
        ]
    }

    /// Whether the network has to get through there.
    func isAbout(_ network: NetworkDefinition) -> Bool { network.families.contains(family) }

    /// Devices of those of `networks` that have not all of their rules there; of nobody where there is no such chain.
    func lacking(_ networks: [NetworkDefinition]) throws(OperationError) -> [String] {
        var tables = try NFTablesSocket()
        guard let found = try tables.rules(of: chain) else { return [] }
        return networks.filter { isAbout($0) && Self.change($0, found) != nil }.map(\.device)
    }

    /// Whether the chain is there, with all of the network's rules.
    func admits(_ network: NetworkDefinition) -> Bool {
        guard isAbout(network), var tables = try? NFTablesSocket(), let found = try? tables.rules(of: chain) else {
            return false
        }
        return Self.change(network, found) == nil
    }

    /// Puts the rules of `networks` there, in front of what would keep them from being asked.
    func admit(_ networks: [NetworkDefinition]) throws(OperationError) {
        var tables = try NFTablesSocket()
        for network in networks where isAbout(network) {
            guard let found = try tables.rules(of: chain), let change = Self.change(network, found) else { continue }
            try tables.replace(change.gone, by: Self.rules(for: network), in: chain, before: change.next)
        }
    }

    func dismiss(_ device: String) throws(OperationError) {
        // What could not be asked was never changed.
        guard var tables = try? NFTablesSocket() else { return }
        let rules = try tables.rules(of: chain) ?? []
        try tables.replace(Self.own(device, rules).map(\.handle), by: [], in: chain, before: nil)
    }

    /// Bridges that rules are about.
    func devices() throws(OperationError) -> Set<String> {
        var tables = try NFTablesSocket()
        return Set(try (tables.rules(of: chain) ?? []).compactMap { $0.comment.flatMap(Self.device) })
    }

    /// What has to go, and what the rules stand in front of; nil when they are all there and are asked, behind those of others.
    static func change(_ network: NetworkDefinition, _ found: [FoundRule]) -> (gone: [UInt64], next: UInt64?)? {
        let own = own(network.device, found)
        let next = found.first { $0.isBareReturn }
        let asked = found.prefix { $0 != next }
        // What others have put behind them would not be asked.
        let areLast = asked.drop { !own.contains($0) }.allSatisfy { $0.comment.flatMap(Self.device) != nil }
        if own.allSatisfy(asked.contains), areLast, own.count == rules(for: network).count { return nil }
        return (own.map(\.handle), next?.handle)
    }

    private static func own(_ device: String, _ found: [FoundRule]) -> [FoundRule] {
        found.filter { $0.comment == comment(device) }
    }

    private static let prefix = "mydocker: "
    private static func comment(_ device: String) -> String { prefix + device }
    private static func device(_ comment: String) -> String? {
        comment.hasPrefix(prefix) ? String(comment.dropFirst(prefix.count)) : nil
    }
}
