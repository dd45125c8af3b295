import Core
import Engine

/// The kinds of builders that `buildx create` is asked for by name: whichever it is, this one does it.
private enum BuilderDriver {
    static let known = ["docker", "docker-container"]

    static func check(_ text: String) throws(OperationError) {
        guard known.contains(text) else {
            throw OperationError(
                "driver \(JSON.quoted(text)) is not supported", remedy: "use \(known.joined(separator: " or "))",
                kind: .unsupported)
        }
    }
}

/// `mydocker buildx version`.
package struct BuildxVersionCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx version", group: .images, operands: "", summary: "Show whose buildx this is like",
            operandCount: 0...0)
    }
    package static var flags: [Flag<BuildxVersionCommand>] { [] }
    /// The one whose flags these are.
    static let likeness = "v0.20.1"

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        context.output.line("mydocker/buildx \(Self.likeness) \(CommandLineTool.version)")
        context.answer = ["version": .string(Self.likeness), "build": .string(CommandLineTool.version)]
        return 0
    }
}

/// `mydocker buildx create`: a further name for the builder.
package struct BuildxCreateCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx create", group: .images, operands: "[CONTEXT]",
            summary: "Give the builder a further name, for scripts that make one", operandCount: 0...1)
    }

    var name: String?
    var idle: Set<String> = []

    package init() {}

    package static var flags: [Flag<BuildxCreateCommand>] {
        [
            .value("name", "NAME", "The name") { command, text throws(OperationError) in
                command.name = try SimpleValue.nonEmpty(text)
            },
            .value("driver", "DRIVER", "docker or docker-container, which is the same here") {
                _, text throws(OperationError) in
                try BuilderDriver.check(text)
            },
            .toggle("use", "Without effect: each name is the same builder") { _, _ in },
            .toggle("bootstrap", "Without effect: it is ready") { _, _ in },
        ]
            + ["driver-opt", "buildkitd-flags", "buildkitd-config", "platform", "node"].map { flag in
                .value(flag, also: flag == "buildkitd-config" ? ["config"] : [], "VALUE", "Without effect") {
                    command, _ throws(OperationError) in
                    command.idle.insert("--" + flag)
                }
            }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let created = try context.engine.createBuilder(name)
        context.warn(idle.sorted().map { OperationError("\($0) has no effect: there is one builder, this program") })
        context.isReceipt = true
        context.output.line(created)
        context.answer = ["name": .string(created)]
        return 0
    }
}

/// `mydocker buildx use` and `buildx stop`: there is nothing to choose or to stop.
package struct BuildxUseCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx use", aliases: ["buildx stop"], group: .images, operands: "[NAME]",
            summary: "Look whether the builder has a name", operandCount: 0...1)
    }

    package init() {}

    package static var flags: [Flag<BuildxUseCommand>] {
        ["default", "global"].map { .toggle($0, "Without effect: each name is the same builder") { _, _ in } }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        context.answer = ["name": .string(try context.engine.builder(named: operands.first))]
        return 0
    }
}

/// `mydocker buildx rm`: takes names away from the builder.
package struct BuildxRemoveCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx rm", group: .images, operands: "[NAME...]", summary: "Take a name away from the builder",
            operandCount: 0...Int.max)
    }

    var all = false
    var names: [String] = []

    package init() {}

    package static var flags: [Flag<BuildxRemoveCommand>] {
        [
            .toggle("all-inactive", "All names but default") { $0.all = $1 },
            .value("builder", "NAME", "The name") { command, text throws(OperationError) in
                command.names.append(try SimpleValue.nonEmpty(text))
            },
            .toggle("force", short: "f", "Without effect: nobody is asked") { _, _ in },
            .toggle("keep-state", "Without effect: what builds have kept stays") { _, _ in },
            .toggle("keep-daemon", "Without effect: there is none") { _, _ in },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        var wanted = operands + names
        if all { wanted += try context.engine.builders().dropFirst() }
        guard all || !wanted.isEmpty else {
            throw OperationError("context builder cannot be removed", kind: .invalid)
        }
        for name in wanted {
            try context.engine.removeBuilder(name)
            context.output.line("\(name) removed")
        }
        context.answer = .array(wanted.map { ["name": .string($0)] })
        return 0
    }
}
