import Core
import Engine
import Glibc
import Linux

/// What all commands have in common that remove what nobody uses: whether they ask, and what they leave alone.
package struct PruneOptions {
    package static var filterKeys: [String] { ["label", "label!", "until"] }

    package var force = false
    package var filter = Filter()

    package init() {}

    package static var flags: [Flag<PruneOptions>] { flags(filterKeys) }

    /// - Parameter keys: of its filters, for help.
    package static func flags(_ keys: [String]) -> [Flag<PruneOptions>] {
        [
            .toggle("force", short: "f", "Do not ask") { $0.force = $1 },
            .value("filter", "KEY=VALUE", "Remove only what has \(keys.joined(separator: ", "))") {
                options, text throws(OperationError) in
                try options.filter.add(text)
            },
        ]
    }

    /// - Parameter now: what spans of `until` are counted back from.
    package func selection(now: Timestamp) throws(OperationError) -> PruneSelection {
        try filter.check(knownKeys: Self.filterKeys)
        let end = try Self.end(of: filter, now: now)
        return { [filter] labels, created in
            filter.allows(labelsOrNot: labels) && end.map { created < $0 } ?? true
        }
    }

    /// Before when something must have been made (`until`), or used; nil where nothing is said of that.
    package static func end(of filter: Filter, now: Timestamp) throws(OperationError) -> Timestamp? {
        // Of what builds have kept, both say the same.
        let ends = filter.values(of: "until") + filter.values(of: "unused-for")
        guard ends.count < 2 else { throw OperationError("more than one until filter specified", kind: .invalid) }
        guard let text = ends.first else { return nil }
        guard let end = TimeValue.moment(text, now: now) else {
            throw OperationError(
                "invalid filter 'until=\(text)'",
                remedy: "Use a time such as 2024-01-02T15:04:05Z, 1704207845 or 10m", kind: .invalid)
        }
        return end
    }

    /// Asks whether to go on, unless that was said already.
    /// - Parameters:
    ///   - name: of the command.
    ///   - warning: what it is going to do.
    package func askLeave(
        _ name: String, _ warning: [String], _ context: inout CommandContext
    ) throws(OperationError) {
        if force { return }
        if context.isJSON {
            throw OperationError(
                "\(name) does not ask with --json", remedy: "use -f to remove without asking", kind: .invalid)
        }
        context.errors.lines(warning)
        context.errors.question("Are you sure you want to continue? [y/N] ")
        context.flush()
        let answer = (readLine() ?? "").split(separator: " ").joined(separator: " ")
        guard ["y", "Y"].contains(answer) else {
            throw OperationError("\(name) has been cancelled", remedy: "answer y, or use -f to remove without asking")
        }
    }
}
