import Core

extension ImageSummary {
    /// The image in the words of `images`: a line for each of its names.
    /// - Parameters:
    ///   - wanted: a pattern of `REPOSITORY` or `REPOSITORY:TAG`: only such names.
    ///   - isWhole: ids in full.
    package func rows(wanted: String?, now: Timestamp, isWhole: Bool) -> [Row] {
        let pattern = wanted.map(ReferencePattern.init)
        return names.filter { pattern?.matches("\($0.0):\($0.1)") ?? true }
            .map { row(repository: $0.0, tag: $0.1, now: now, isWhole: isWhole) }
    }

    /// An image without a name is shown by where it came from.
    private var names: [(String, String)] {
        if !references.isEmpty { return references.sorted().map(Self.parts) }
        let repositories = Set(sources.map { String($0.prefix { $0 != "@" }) })
        return repositories.isEmpty ? [("<none>", "<none>")] : repositories.sorted().map { ($0, "<none>") }
    }

    /// By which the repository has it: what the name stands for there, if that is known.
    private func digest(in repository: String, tag: String) -> String {
        let source = sourcesOfNames["\(repository):\(tag)"] ?? sources.first { $0.hasPrefix(repository + "@") }
        return source.map { String($0.dropFirst(repository.utf8.count + 1)) } ?? "<none>"
    }

    private func row(repository: String, tag: String, now: Timestamp, isWhole: Bool) -> Row {
        let digits = id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]
        // Docker's, for what a list does not measure.
        return Row(fields: [
            "Containers": "N/A", "SharedSize": "N/A", "UniqueSize": "N/A",
            "CreatedAt": .string(HumanText.moment(created)),
            "CreatedSince": .string(HumanText.ago(created, now: now)),
            "Digest": .string(digest(in: repository, tag: tag)),
            "ID": .string(isWhole ? id : String(digits.prefix(12))),
            "Repository": .string(repository), "Size": .string(HumanText.size(size)), "Tag": .string(tag),
            // As Docker had it before 26.
            "VirtualSize": .string(HumanText.size(size)),
        ])
    }

    /// Repository and tag: the last colon stands before the tag unless it belongs to a registry's port.
    package static func parts(_ reference: String) -> (String, String) {
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else {
            return (reference, "latest")
        }
        return (String(reference[..<colon]), String(reference[reference.index(after: colon)...]))
    }
}
