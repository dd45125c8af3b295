import Core
import Testing

@testable import Images

/// Which names and images go with a scope: what was there outside of it stays, and so does what somebody outside took over.
@Suite struct ScopedImageTests {
    private static let image = Digest(bytes: Array(repeating: 1, count: 32))
    private static let other = Digest(bytes: Array(repeating: 2, count: 32))
    private static let third = Digest(bytes: Array(repeating: 3, count: 32))

    private func entry(_ image: Digest = Self.image, _ reference: String? = nil, scope: String? = nil)
        -> ImageIndex.Entry
    {
        ImageIndex.Entry(manifest: image, manifestSize: 1, image: image, reference: reference, scope: scope)
    }

    /// An index to which these were added in their order.
    private func index(_ entries: ImageIndex.Entry...) throws -> ImageIndex {
        var index = try ImageIndex.read("/nosuch/index.json")
        for entry in entries { index.add(entry) }
        return index
    }

    @Test func aNamelessImageKeepsItsPlaceBesideAScopesName() throws {
        let found = try index(entry(), entry(Self.image, "app:1", scope: "job")).entries
        #expect(found == [entry(), entry(Self.image, "app:1", scope: "job")])
        // Without a scope it is one entry, as ever.
        #expect(try index(entry(), entry(Self.image, "app:1")).entries == [entry(Self.image, "app:1")])
    }

    @Test func whatWasThereIsNoScopes() throws {
        #expect(try index(entry(), entry(scope: "job")).entries == [entry()])
        let named = entry(Self.image, "app:1")
        #expect(try index(named, entry(Self.image, "app:1", scope: "job")).entries == [named])
        // Nor is what is named outside of it afterwards.
        #expect(try index(entry(Self.image, "app:1", scope: "job"), named).entries == [named])
        #expect(try index(entry(scope: "job"), named).entries == [named])
    }

    @Test func aNameThatMovesLeavesTheFormerImage() throws {
        let found = try index(entry(Self.other, "app:1"), entry(Self.image, "app:1", scope: "job")).entries
        #expect(found == [entry(Self.other), entry(Self.image, "app:1", scope: "job")])
    }

    @Test func aScopesOwnImageIsNamedOnce() throws {
        let found = try index(entry(scope: "job"), entry(Self.image, "app:1", scope: "job")).entries
        #expect(found == [entry(Self.image, "app:1", scope: "job")])
    }

    @Test func whatIsUsedStays() throws {
        var index = try index(
            entry(Self.image, "app:1", scope: "job"), entry(Self.other, "app:2", scope: "job"),
            entry(Self.third, "app:3", scope: "another"))
        try index.keep(of: "job") { image throws(OperationError) in image == Self.other }
        #expect(index.entries.map(\.scope) == ["job", nil, "another"])
        try index.keep(of: "job") { _ throws(OperationError) in true }
        #expect(index.entries.map(\.scope) == [nil, nil, "another"])
    }

    /// It does not need a name that only the scope knows.
    @Test func anotherNameOfWhatIsUsedGoes() throws {
        var index = try index(entry(Self.image, "app:1"), entry(Self.image, "app:2", scope: "job"))
        try index.keep(of: "job") { _ throws(OperationError) in true }
        #expect(index.entries.map(\.scope) == [nil, "job"])
    }
}
