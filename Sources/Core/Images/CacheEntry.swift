/// Something that builds have kept.
package struct CacheEntry: Equatable, Sendable {
    /// As BuildKit calls them.
    package enum Kind: String, Sendable {
        /// What a step has come to.
        case step = "regular"
        /// The directory of a `RUN --mount=type=cache`.
        case mount = "exec.cachemount"
    }

    package let id: String
    package let kind: Kind
    /// For people.
    package let instruction: String
    /// On disk; of what several entries have, the one that was used last.
    package let bytes: Int64
    package let lastUsed: Timestamp
    /// An image has it, too: without the entry it stays on disk.
    package let isShared: Bool
    /// A build has it now.
    package let isInUse: Bool

    package init(
        id: String, kind: Kind, instruction: String, bytes: Int64, lastUsed: Timestamp, isShared: Bool = false,
        isInUse: Bool = false
    ) {
        self.id = id
        self.kind = kind
        self.instruction = instruction
        self.bytes = bytes
        self.lastUsed = lastUsed
        self.isShared = isShared
        self.isInUse = isInUse
    }

    package var isReclaimable: Bool { !isShared && !isInUse }
}

extension [CacheEntry] {
    package var bytes: Int64 { reduce(0) { $0.addingSaturated($1.bytes) } }
    /// What no image has.
    package var ownBytes: Int64 { filter { !$0.isShared }.bytes }
}

/// How much of a build cache may stay, in bytes; nil says nothing of that.
package struct CacheLimits: Equatable, Sendable {
    package var maximumUsed: Int64?
    /// Whatever else is said, so much stays.
    package var reserved: Int64?
    /// So much is to be free on the disk.
    package var minimumFree: Int64?

    package init() {}

    /// - Parameters:
    ///   - total: that the cache has now.
    ///   - free: on the disk.
    /// - Returns: nil: all of it is to go.
    package func kept(of total: Int64, free: Int64) -> Int64? {
        guard self != CacheLimits() else { return nil }
        // To reserve some is to give the rest away, where nothing else says how much.
        var kept = maximumUsed ?? (minimumFree == nil ? 0 : total)
        if let minimumFree, minimumFree > free { kept = min(kept, total - (minimumFree - free)) }
        return max(kept, reserved ?? 0)
    }
}

/// What of a build cache is to go.
package struct CacheSelection {
    /// What images have, too.
    package var all = false
    /// Only what was last used before.
    package var before: Timestamp?
    package var limits = CacheLimits()
    package var matches: (CacheEntry) -> Bool = { _ in true }

    package init() {}

    /// - Parameter free: bytes on the disk.
    /// - Returns: the least recently used first.
    package func chosen(from entries: [CacheEntry], free: Int64) -> [CacheEntry] {
        let selected = entries.filter { entry in
            !entry.isInUse && (all || !entry.isShared) && before.map { entry.lastUsed < $0 } ?? true && matches(entry)
        }.sorted { ($0.lastUsed, $0.id) < ($1.lastUsed, $1.id) }
        var left = entries.ownBytes
        guard let kept = limits.kept(of: left, free: free) else { return selected }
        // Of what images have, nothing would be gained.
        let own = selected.filter { !$0.isShared }
        return Array(
            own.prefix { entry in
                guard left > kept else { return false }
                left -= entry.bytes
                return true
            })
    }
}
