import Core
import Engine

/// `mydocker network create`
package struct NetworkCreateCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network create", group: .networks, operands: "NETWORK", summary: "Create a network",
            operandCount: 1...1)
    }

    var request = NetworkRequest(name: "")
    var labels: [String] = []

    package init() {}

    package static var flags: [Flag<NetworkCreateCommand>] {
        [
            .value("driver", short: "d", "DRIVER", "Driver of the network (default bridge)") {
                command, text throws(OperationError) in
                command.request.driver = SimpleValue.given(text) ?? "bridge"
            },
            .value("subnet", "SUBNET", "Subnet, or the gateway's address in it: 192.168.10.1/24") {
                command, text throws(OperationError) in
                command.request.subnet = try SimpleValue.given(text, SimpleValue.subnet)
            },
            .value("gateway", "ADDRESS", "The gateway's address in the subnet") {
                command, text throws(OperationError) in
                command.request.gateway = try SimpleValue.given(text, SimpleValue.address)
            },
            .toggle("ignore", "Succeed when a network of that name exists, and tell how it differs") {
                $0.request.ignoresExisting = $1
            },
            .toggle("internal", "No way out of the network") { $0.request.isInternal = $1 },
            .value("label", "KEY=VALUE", "Set a label") { command, text throws(OperationError) in
                command.labels.append(try SimpleValue.label(text))
            },
            .value("opt", short: "o", "KEY=VALUE", "Set an option of the driver: mtu") {
                command, text throws(OperationError) in
                try command.setOption(text)
            },
        ]
    }

    private mutating func setOption(_ text: String) throws(OperationError) {
        let (key, value) = EnvironmentValue.halves(text)
        guard key == "mtu" || key == "com.docker.network.driver.mtu" else {
            throw OperationError("no such option; there is mtu")
        }
        // 68 is the least that IPv4 works with (RFC 791).
        guard let mtu = Decimal.parse(value, in: 68...65_535) else {
            throw OperationError("use an MTU from 68 to 65535")
        }
        request.mtu = mtu
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let id = try context.engine.createNetwork(request(operands))
        context.answer(id: id.hex)
        return 0
    }

    package func request(_ operands: [String]) throws(OperationError) -> NetworkRequest {
        var request = request
        request.name = operands.first ?? ""
        request.labels = try EnvironmentValue.labels(files: [], flags: labels)
        return request
    }
}
