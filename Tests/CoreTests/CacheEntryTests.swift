import Core
import Testing

/// What a prune of the build cache takes.
@Suite struct CacheEntryTests {
    private func entry(
        _ id: String, _ bytes: Int64, used: Int64, _ kind: CacheEntry.Kind = .step, isShared: Bool = false,
        isInUse: Bool = false
    ) -> CacheEntry {
        CacheEntry(
            id: id, kind: kind, instruction: "", bytes: bytes, lastUsed: Timestamp(nanoseconds: used),
            isShared: isShared, isInUse: isInUse)
    }

    private var entries: [CacheEntry] {
        [
            entry("late", 10, used: 9), entry("mount", 20, used: 2, .mount), entry("early", 30, used: 1),
            entry("busy", 40, used: 0, .mount, isInUse: true), entry("image", 50, used: 0, isShared: true),
        ]
    }

    private func chosen(free: Int64 = 0, _ change: (inout CacheSelection) -> Void) -> [String] {
        var selection = CacheSelection()
        change(&selection)
        return selection.chosen(from: entries, free: free).map(\.id)
    }

    @Test func whatImagesAndBuildsHaveStays() {
        #expect(chosen { _ in } == ["early", "mount", "late"])
        #expect(chosen { $0.all = true } == ["image", "early", "mount", "late"])
        #expect(entries.bytes == 150 && entries.ownBytes == 100)
    }

    /// Directories of mounts, too, by when they were last used.
    @Test func whatWasUsedSinceStays() {
        #expect(chosen { $0.before = Timestamp(nanoseconds: 2) } == ["early"])
        #expect(chosen { $0.before = Timestamp(nanoseconds: 3) } == ["early", "mount"])
        #expect(chosen { $0.matches = { $0.kind == .mount } } == ["mount"])
    }

    /// The least recently used goes first, and no more than has to.
    @Test func aLimitIsKept() {
        #expect(chosen { $0.limits.maximumUsed = 100 } == [])
        #expect(chosen { $0.limits.maximumUsed = 99 } == ["early"])
        #expect(chosen { $0.limits.reserved = 50 } == ["early", "mount"])
        #expect(chosen { $0.limits.minimumFree = 5 } == ["early"])
        #expect(chosen(free: 5) { $0.limits.minimumFree = 5 } == [])
        #expect(
            chosen {
                $0.limits.maximumUsed = 10
                $0.all = true
            } == ["early", "mount", "late"])
    }

    @Test func limitsTogether() {
        var limits = CacheLimits()
        #expect(limits.kept(of: 100, free: 0) == nil)
        limits.maximumUsed = 60
        limits.minimumFree = 70
        #expect(limits.kept(of: 100, free: 50) == 60)
        #expect(limits.kept(of: 100, free: 0) == 30)
        limits.reserved = 40
        #expect(limits.kept(of: 100, free: 0) == 40)
    }
}
