import Core
import Engine

/// `mydocker network reload`
package struct NetworkReloadCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network reload", group: .networks, operands: "[NETWORK...]",
            summary: "Put back what was taken from networks: rules, bridges, sysctls", operandCount: 0...Int.max)
    }

    /// Nil: each network's own.
    var firewall: FirewallBackend?

    package init() {}

    package static var flags: [Flag<NetworkReloadCommand>] {
        [
            .value("firewall", "FIREWALL", "Move their rules to iptables, nftables or none") {
                command, text throws(OperationError) in
                guard let firewall = FirewallBackend(rawValue: text) else {
                    throw OperationError("there are iptables, nftables and none", kind: .invalid)
                }
                command.firewall = firewall
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let listing = try context.engine.reloadNetworks(operands, movingTo: firewall)
        context.isReceipt = true
        for name in listing.elements { context.output.line(name) }
        context.answer = .array(listing.elements.map { ["name": .string($0)] })
        for failure in listing.failures { context.report(failure) }
        return listing.failures.isEmpty ? 0 : 1
    }
}
