import Core

/// `mydocker container inspect`
package struct ContainerInspectCommand: KindInspectCommand {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "container inspect", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Show everything about containers", operandCount: 1...Int.max)
    }

    package static var kind: Inspection.Kind { .container }
    package var format: String?

    package init() {}
}
