import Core

extension HistoryStep {
    /// The step in the words of `docker history`.
    /// - Parameters:
    ///   - id: nil of a step that is no image of this host's.
    ///   - isWhole: ids and instructions in full.
    ///   - isHuman: sizes and times in people's words.
    package func row(id: String?, now: Timestamp, isWhole: Bool, isHuman: Bool) -> Row {
        let digits = id.map { $0.hasPrefix("sha256:") ? String($0.dropFirst(7)) : $0 }
        let moment = created.map { $0.description.prefix(19) + "Z" } ?? "N/A"
        let line = instruction.replacing("\t", with: " ")
        return Row(fields: [
            "Comment": .string(comment), "CreatedAt": .string(moment),
            "CreatedBy": .string(isWhole ? line : HumanText.cut(line, 45)),
            "CreatedSince": .string(isHuman ? created.map { HumanText.ago($0, now: now) } ?? "N/A" : moment),
            "ID": .string((isWhole ? id : digits.map { String($0.prefix(12)) }) ?? "<missing>"),
            "Size": .string(isHuman ? HumanText.size(size) : String(size)),
        ])
    }
}
