import Core
import Engine

/// `mydocker volume prune`: removes what no container has.
package struct VolumePruneCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "volume prune", group: .volumes, operands: "", summary: "Remove volumes that no container has",
            operandCount: 0...0)
    }

    package static var filterKeys: [String] { ["all", "label", "label!"] }

    var all = false
    var options = PruneOptions()

    package init() {}

    package static var flags: [Flag<VolumePruneCommand>] {
        [
            .toggle("all", short: "a", "Remove those that have a name, too") { $0.all = $1 }
        ] + PruneOptions.flags(filterKeys).map { $0.lifted(to: \.options) }
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let takesNamed = try takesNamed()
        let which = takesNamed ? "all local volumes" : "anonymous local volumes"
        try options.askLeave(
            "volume prune", ["WARNING! This will remove \(which) not used by at least one container."], &context)
        let filter = options.filter
        let pruned = try context.engine.pruneVolumes { volume in
            (takesNamed || volume.isAnonymous) && filter.allows(labelsOrNot: volume.labels)
        }
        context.list("Volumes", pruned)
        context.tellReclaimed(pruned.bytes)
        return pruned.exitCode
    }

    /// Docker's `--filter all=1` is its `--all`.
    private func takesNamed() throws(OperationError) -> Bool {
        try options.filter.check(knownKeys: Self.filterKeys)
        var takesNamed = all
        for text in options.filter.values(of: "all") {
            guard let isOn = SimpleValue.truth(text) else {
                throw OperationError("invalid filter 'all=\(text)'", remedy: "Use true or false")
            }
            takesNamed = takesNamed || isOn
        }
        return takesNamed
    }
}
