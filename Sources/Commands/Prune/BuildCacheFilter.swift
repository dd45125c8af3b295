import Core

/// The conditions of `builder prune --filter`, but for those of time.
enum BuildCacheFilter {
    static let keys = ["until", "unused-for", "id", "type", "inuse", "shared", "private"]
    /// What BuildKit keeps. Of these some are never here.
    private static let types = [
        "exec.cachemount", "regular", "source.local", "source.git.checkout", "frontend", "internal",
    ]

    static func condition(_ filter: Filter) throws(OperationError) -> (CacheEntry) -> Bool {
        try filter.check(knownKeys: keys)
        for type in filter.values(of: "type") where !types.contains(type) {
            throw OperationError(
                "invalid filter 'type=\(type)'", remedy: "Use \(types.joined(separator: ", "))", kind: .invalid)
        }
        for key in ["inuse", "shared", "private"] { try filter.checkTruth(of: key) }
        return { entry in
            func says(_ key: String, _ truth: Bool) -> Bool { filter.allows(key) { Filter.truth($0) == truth } }
            // A part of an id is enough, as with BuildKit.
            return filter.allows("id") { Filter.name(entry.id, matches: $0) }
                && filter.allows("type") { $0 == entry.kind.rawValue } && says("inuse", entry.isInUse)
                && says("shared", entry.isShared) && says("private", !entry.isShared)
        }
    }
}
