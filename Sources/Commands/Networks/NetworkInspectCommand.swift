import Core

/// `mydocker network inspect`
package struct NetworkInspectCommand: KindInspectCommand {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network inspect", group: .networks, operands: "NETWORK [NETWORK...]",
            summary: "Show everything about networks", operandCount: 1...Int.max)
    }

    package static var kind: Inspection.Kind { .network }
    package var format: String?

    package init() {}

    package static var flags: [Flag<NetworkInspectCommand>] {
        formatFlags + [.toggle("verbose", short: "v", "Show all there is (always done)") { _, _ in }]
    }
}
