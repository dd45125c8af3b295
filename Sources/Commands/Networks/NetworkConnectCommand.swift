import Core
import Engine

/// `mydocker network connect`: a container joins one more network.
package struct NetworkConnectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network connect", group: .networks, operands: "NETWORK CONTAINER",
            summary: "Connect a container to a network", operandCount: 2...2)
    }

    var address: IPAddress?
    var address6: IPAddress?
    var mac: MACAddress?
    var aliases: [NetworkAlias] = []

    package init() {}

    package static var flags: [Flag<NetworkConnectCommand>] {
        [
            .value("ip", "ADDRESS", "IPv4 address in the network") { command, text throws(OperationError) in
                command.address = try SimpleValue.given(text, SimpleValue.ipv4Address)
            },
            .value("ip6", "ADDRESS", "IPv6 address in the network") { command, text throws(OperationError) in
                command.address6 = try SimpleValue.given(text, SimpleValue.ipv6Address)
            },
            .value("alias", "NAME", "One more name of the container in the network; repeatable") {
                command, text throws(OperationError) in
                command.aliases.append(try NetworkValue.alias(text))
            },
            .value("mac-address", "ADDRESS", "MAC address in the network") { command, text throws(OperationError) in
                command.mac = try SimpleValue.given(text, SimpleValue.mac)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        var choice = NetworkChoice(operands[0], address: address, mac: mac, aliases: aliases)
        choice.address6 = address6
        try context.engine.connect(operands[1], to: choice)
        context.answer = ["network": .string(operands[0]), "container": .string(operands[1])]
        return 0
    }
}
