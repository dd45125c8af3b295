import Core
import Engine

/// `mydocker volume create`
package struct VolumeCreateCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "volume create", group: .volumes, operands: "[VOLUME]", summary: "Create a volume",
            operandCount: 0...1)
    }

    var request = VolumeRequest()
    var labels: [String] = []

    package init() {}

    package static var flags: [Flag<VolumeCreateCommand>] {
        [
            .value("driver", short: "d", "DRIVER", "Driver of the volume (default local)") {
                command, text throws(OperationError) in
                command.request.driver = SimpleValue.given(text) ?? VolumeDefinition.driver
            },
            .value("label", "KEY=VALUE", "Set a label") { command, text throws(OperationError) in
                command.labels.append(try SimpleValue.label(text))
            },
            .value("opt", short: "o", "KEY=VALUE", "Set an option of the driver: type=none, o=bind, device=/DIRECTORY")
            {
                command, text throws(OperationError) in
                let (key, value) = EnvironmentValue.halves(text)
                command.request.options[key] = value
            },
            .value("name", "NAME", "Name of the volume") { command, text throws(OperationError) in
                command.request.name = SimpleValue.given(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let name = try context.engine.createVolume(request(operands))
        context.tell(name.text, as: "name", fate: "volume \(name) is there", undo: "volume rm \(name)")
        return 0
    }

    package func request(_ operands: [String]) throws(OperationError) -> VolumeRequest {
        var request = request
        if let name = operands.first {
            guard request.name == nil else {
                throw OperationError(
                    "conflicting options: cannot specify a volume-name through both --name and as a positional arg",
                    kind: .invalid)
            }
            request.name = name
        }
        request.labels = try EnvironmentValue.labels(files: [], flags: labels)
        return request
    }
}
