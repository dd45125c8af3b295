import Core
import Engine
import Forms

extension CommandContext {
    /// What was removed, under a title; nothing where nothing was.
    package mutating func list(_ title: String, _ pruned: Listing<PrunedObject>) {
        warn(pruned.failures)
        let lines = pruned.elements.flatMap(\.lines)
        if isJSON { return addToAnswer(title.lowercased(), .strings(lines)) }
        if lines.isEmpty { return }
        output.line("Deleted \(title):")
        for line in lines { output.line(line) }
        output.line("")
    }

    package mutating func tellReclaimed(_ bytes: Int64) {
        if isJSON { return addToAnswer("reclaimedBytes", .number(Int(bytes))) }
        output.line("Total reclaimed space: \(HumanText.size(bytes))")
    }

    private mutating func addToAnswer(_ key: String, _ value: JSON) {
        answer = .object((answer?.members ?? []) + [(key, value)])
    }
}

extension Listing<PrunedObject> {
    package var bytes: Int64 { elements.reduce(0) { $0 + $1.bytes } }
    package var exitCode: Int32 { failures.isEmpty ? 0 : 1 }
}
