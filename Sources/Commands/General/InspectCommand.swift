import Core
import Engine
import Forms

/// `mydocker inspect`: everything about containers, networks, images and volumes.
package struct InspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "inspect", group: .other, operands: "NAME [NAME...]",
            summary: "Show everything about containers, networks, images or volumes", operandCount: 1...Int.max)
    }

    var format: String?
    var kinds = Inspection.Kind.allCases

    package init() {}

    package static var flags: [Flag<InspectCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            },
            .value("type", "TYPE", "container, network, image or volume") { command, text throws(OperationError) in
                guard text.isEmpty || Inspection.Kind(rawValue: text) != nil else {
                    throw OperationError("use container, network, image or volume")
                }
                command.kinds = Inspection.Kind(rawValue: text).map { [$0] } ?? Inspection.Kind.allCases
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try Inspection(format: format).run(operands, of: kinds, &context)
    }
}

/// Prints what was found; what was not is told apart.
package struct Inspection {
    package enum Kind: String, CaseIterable {
        case container, network, image, volume
    }

    private let template: Template?
    private let isCompact: Bool

    package init(format: String?) throws(OperationError) {
        isCompact = format == "json"
        let text = isCompact || format == "" ? nil : format
        if let text { template = try Template(parsing: text) } else { template = nil }
    }

    /// Each is the first of `kinds` that there is.
    package func run(_ names: [String], of kinds: [Kind], _ context: inout CommandContext) -> Int32 {
        let engine = context.engine
        return run(names, &context) { name throws(OperationError) in
            try Self.first(of: kinds) { kind throws(OperationError) in
                switch kind {
                case .container: try engine.inspectContainer(name).inspected
                case .network: try engine.inspectNetwork(name).inspected
                case .image: try engine.inspectImage(name).inspected
                case .volume: try engine.inspectVolume(name).inspected
                }
            }
        }
    }

    /// - Returns: the exit code.
    package func run(
        _ names: [String], _ context: inout CommandContext, find: (String) throws(OperationError) -> JSON?
    ) -> Int32 {
        var found: [JSON] = []
        var lines = ""
        var status: Int32 = 0
        for name in names {
            do throws(OperationError) {
                if let object = try find(name) {
                    found.append(object)
                    if let template { lines += try template.evaluate(object) + "\n" }
                    continue
                }
                let missing = OperationError("no such object: \(name)", kind: .notFound)
                if context.isJSON { context.report(missing) } else { context.errors.line("error: \(missing)") }
            } catch {
                context.report(error)
            }
            status = 1
        }
        context.output.write(template == nil ? array(found) : lines.isEmpty ? "\n" : lines)
        return status
    }

    private func array(_ objects: [JSON]) -> String {
        let array = JSON.array(objects).withoutOmitted
        return (isCompact ? array.printed : array.pretty) + "\n"
    }

    /// The object of the first kind that has one; nil when none of several has.
    package static func first(
        of kinds: [Kind], _ find: (Kind) throws(OperationError) -> JSON
    ) throws(OperationError) -> JSON? {
        for kind in kinds {
            do throws(OperationError) {
                return try find(kind)
            } catch {
                guard error.kind == .notFound, kinds.count > 1 else { throw error }
            }
        }
        return nil
    }
}
