import Core
import Netlink

/// The chain that Docker leaves to others, and asks before its own rules: where Docker drops what is forwarded, it is how networks of
/// ours get through. Rules of ours there say in their comment which bridge they are about. Those that somebody has put there
/// himself are asked first, and neither they nor a rule or policy of Docker's is ever changed. (Where Docker uses the legacy
/// tables, our own chain is asked before its policy, and nothing is needed.)
enum DockerUserChain {
    static let chain = RuleChain(ofIPv4: "filter", "DOCKER-USER")

    /// What a network's bridge exchanges with the outside passes; whether our own rules let it is another question. What goes to
    /// one of Docker's bridges is for Docker to decide.
    static func rules(for device: String) -> [InterfaceRule] {
        func rule(_ input: String?, _ output: String?, _ verdict: InterfaceRule.Verdict) -> InterfaceRule {
            InterfaceRule(from: input, to: output, verdict, comment: comment(device))
        }
        return [
            rule(device, device, .accept), rule(device, "docker+", .goBack), rule(device, "br-+", .goBack),
            rule(device, nil, .accept), rule(nil, device, .accept),
        ]
    }

    /// Those of `devices` that have not all of their rules there; nobody where there is no such chain.
    static func lacking(_ devices: [String]) throws(OperationError) -> [String] {
        var tables = try NFTablesSocket()
        guard let found = try tables.rules(of: chain) else { return [] }
        return devices.filter { change($0, found) != nil }
    }

    /// Puts the rules of `devices` there, in front of what would keep them from being asked.
    static func admit(_ devices: [String]) throws(OperationError) {
        var tables = try NFTablesSocket()
        for device in devices {
            guard let found = try tables.rules(of: chain), let change = change(device, found) else { continue }
            try tables.replace(change.gone, by: rules(for: device), in: chain, before: change.next)
        }
    }

    static func dismiss(_ device: String) throws(OperationError) {
        // What could not be asked was never changed.
        guard var tables = try? NFTablesSocket() else { return }
        let rules = try tables.rules(of: chain) ?? []
        try tables.replace(own(device, rules).map(\.handle), by: [], in: chain, before: nil)
    }

    /// Bridges that rules are about.
    static func devices() throws(OperationError) -> Set<String> {
        var tables = try NFTablesSocket()
        return Set(try (tables.rules(of: chain) ?? []).compactMap { $0.comment.flatMap(device) })
    }

    /// What has to go, and what the rules stand in front of; nil when they are all there and are asked.
    static func change(_ device: String, _ found: [FoundRule]) -> (gone: [UInt64], next: UInt64?)? {
        let own = own(device, found)
        let next = found.first { $0.isBareReturn }
        let isAsked = own.allSatisfy { rule in
            found.prefix { $0 != next }.contains(rule)
        }
        if isAsked, own.count == rules(for: device).count { return nil }
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
