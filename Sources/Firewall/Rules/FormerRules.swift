import Core
import Glibc
import Linux
import Netlink

/// What programs of the documents that are followed have put into the table nat for a network: each `network create` of theirs one
/// more MASQUERADE, and a DNAT for a published port, which they never take back. Which table that is depends on what `iptables` was there.
extension FirewallBackend {
    /// - Returns: the rules that were taken away, as iptables-save prints them.
    package static func clearFormer(of device: String, _ subnet: Subnet) throws(OperationError) -> [String] {
        let isFormer = { (rule: FirewallRule) in rule.isFormer(of: device, subnet) }
        return try clearLegacy(isFormer) + clearCompatible(isFormer)
    }

    private static func clearLegacy(_ isFormer: (FirewallRule) -> Bool) throws(OperationError) -> [String] {
        guard IPTablesTable.isUsed(.nat) else { return [] }
        var removed: [String] = []
        try IPTablesFirewall().edit(.nat) { editor throws(OperationError) in
            removed = try editor.remove(where: isFormer).map(\.description)
        }
        return removed
    }

    /// Where iptables is that of nftables its rules are in a table of its own there.
    private static func clearCompatible(_ isFormer: (FirewallRule) -> Bool) throws(OperationError) -> [String] {
        // A kernel without nftables has no such table.
        guard var tables = try? NFTablesSocket() else { return [] }
        let chains = ["PREROUTING", "POSTROUTING"].map { RuleChain(.ipv4, "nat", $0) }
        var pause = Pause()
        for _ in 0..<64 {
            let found = try tables.translations(in: chains)
            let former = found.rules.filter { FirewallRule($0).map(isFormer) ?? false }
            do throws(OperationError) {
                try tables.remove(former, of: found)
                return former.compactMap { FirewallRule($0)?.description }
            } catch {
                guard error.errno == ERESTART else { throw error }
                pause.next()
            }
        }
        throw OperationError("remove rules of iptables-nft", reason: "other programs keep changing the rules")
    }
}

extension FirewallRule {
    /// Nil of one of a protocol that no port of ours is of.
    init?(_ found: FoundTranslations.Found) {
        let rule = found.rule
        let transport = TransportProtocol.allCases.first { $0.number == rule.transport }
        if rule.transport != nil || rule.destinationPorts != nil { guard transport != nil else { return nil } }
        let target: Target =
            switch rule.target {
            case .masquerade: .masquerade
            case .destination(let address, let ports): .dnat(to: address, ports: ports)
            }
        self.init(
            .nat, found.chain.name, source: rule.source.map { .yes($0) },
            output: rule.output.map { Match(value: $0.name, isNegated: $0.isNegated) }, transport: transport,
            ports: rule.destinationPorts, target: target)
    }

    fileprivate func isFormer(of device: String, _ subnet: Subnet) -> Bool {
        if self == FirewallRule(.nat, "POSTROUTING", source: .yes(subnet), output: .not(device), target: .masquerade) {
            return true
        }
        guard chain == "PREROUTING", comment == nil, transport != nil, ports != nil,
            case .dnat(let address, _, _) = target
        else { return false }
        return subnet.contains(address) && source == nil && destination == nil && input == nil && output == nil
    }
}
