import Core

/// `mydocker image inspect`
package struct ImageInspectCommand: KindInspectCommand {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "image inspect", group: .images, operands: "IMAGE [IMAGE...]",
            summary: "Show everything about images", operandCount: 1...Int.max)
    }

    package static var kind: Inspection.Kind { .image }
    package var format: String?

    package init() {}
}
