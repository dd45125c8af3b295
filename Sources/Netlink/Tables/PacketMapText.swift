import Core

/// Maps and elements, as nft(8) reads them.
extension PacketMap {
    package func text(of family: AddressFamily) -> String {
        let value = valueFields(of: family)?.name ?? "verdict"
        return "{ type \(keyFields(of: family).name) : \(value);\(isInterval ? " flags interval;" : "") }"
    }

    /// Of the rule that asks the map.
    package func lookupText(of family: AddressFamily) -> String {
        let prefix = family == .ipv4 ? "ip" : "ip6"
        switch key {
        case .input: return "iifname vmap @\(name)"
        case .output: return "oifname vmap @\(name)"
        case .source: return "\(prefix) saddr vmap @\(name)"
        case .port(.address), .range(.address):
            return "dnat to meta l4proto . \(prefix) daddr . th dport map @\(name)"
        case .port(.anyAddress), .range(.anyAddress): return "dnat to meta l4proto . th dport map @\(name)"
        }
    }
}

extension PacketElement {
    /// - Throws: for the name of an interface that nft has no way to write.
    package func text() throws(OperationError) -> String {
        let mark = comment.isEmpty ? "" : " comment \"\(comment)\""
        return "\(try key.text())\(mark) : \(valueText)"
    }

    private var valueText: String {
        guard case .translateDestination(let address, let ports) = action else { return action.text(transport: "") }
        guard case .any(let range) = ports else { return "\(address)" }
        return "\(address) . \(range.lowerBound)"
    }
}

extension PacketElement.Key {
    /// - Throws: as `PacketElement.text`.
    package func text() throws(OperationError) -> String {
        switch self {
        case .interface(let name): try PacketRule.quoted(name)
        case .subnet(let subnet): "\(subnet)"
        case .port(let port, let destination): "\(destination.text) . \(port)"
        case .range(let ports, let destination): "\(destination.text) . \(PacketRule.range(ports))"
        }
    }
}

extension PacketDestination {
    fileprivate var text: String {
        PacketRule.transport(transport) + (address.map { " . \($0)" } ?? "")
    }
}
