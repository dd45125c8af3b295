import Core
import Linux

extension FirewallBackend {
    /// Takes away what programs of the documents that are followed have put into the legacy table nat for a network: each
    /// `network create` of theirs one more MASQUERADE, and a DNAT for a published port, which they never take back.
    /// - Returns: the rules, as iptables-save prints them.
    package static func clearFormer(of device: String, _ subnet: Subnet) throws(OperationError) -> [String] {
        guard IPTablesTable.isUsed(.nat) else { return [] }
        var removed: [String] = []
        try IPTablesFirewall().edit(.nat) { editor throws(OperationError) in
            removed = try editor.remove { $0.isFormer(of: device, subnet) }.map(\.description)
        }
        return removed
    }
}

extension FirewallRule {
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
