import Core
import Engine

/// `mydocker network connect`: a container joins one more network.
package struct NetworkConnectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network connect", group: .networks, operands: "NETWORK CONTAINER",
            summary: "Connect a container to a network", operandCount: 2...2)
    }

    /// Without the network's name.
    var choice = NetworkChoice("")

    package init() {}

    package static var flags: [Flag<NetworkConnectCommand>] {
        [
            .value("ip", "ADDRESS", "IPv4 address in the network") { command, text throws(OperationError) in
                command.choice.address = try SimpleValue.given(text, SimpleValue.ipv4Address)
            },
            .value("ip6", "ADDRESS", "IPv6 address in the network") { command, text throws(OperationError) in
                command.choice.address6 = try SimpleValue.given(text, SimpleValue.ipv6Address)
            },
            .value("alias", "NAME", "One more name of the container in the network; repeatable") {
                command, text throws(OperationError) in
                command.choice.aliases.append(try NetworkValue.alias(text))
            },
            .value("mac-address", "ADDRESS", "MAC address in the network") { command, text throws(OperationError) in
                command.choice.mac = try SimpleValue.given(text, SimpleValue.mac)
            },
            .value("link-local-ip", "ADDRESS", "Further address of 169.254.0.0/16 in the network; repeatable") {
                command, text throws(OperationError) in
                command.choice.linkLocal.append(try NetworkValue.linkLocal(text))
            },
            .value("gw-priority", "NUMBER", "What is for elsewhere goes by the network with the greatest one") {
                command, text throws(OperationError) in
                command.choice.gatewayPriority = try NetworkValue.priority(text)
            },
            .value("driver-opt", "KEY=VALUE", "Option of the endpoint: com.docker.network.endpoint.ifname") {
                command, text throws(OperationError) in
                try NetworkValue.setOption(text, &command.choice)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        choice.network = operands[0]
        try context.engine.connect(operands[1], to: choice)
        context.answer = ["network": .string(operands[0]), "container": .string(operands[1])]
        return 0
    }
}
