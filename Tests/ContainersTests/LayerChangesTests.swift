import CLinux
import Core
import Glibc
import Linux
import Testing

@testable import Containers

@Suite struct LayerChangesTests {
    /// Directories in each other, named by one letter.
    private func makeDeep(_ count: Int, below path: String) throws {
        var directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        for _ in 0..<count {
            try #require(mkdirat(directory.number, "d", 0o755) == 0)
            let next = clinux_openat(directory.number, "d", O_RDONLY | O_DIRECTORY, 0)
            try #require(next >= 0)
            directory = Descriptor(owning: next)
        }
    }

    @Test func changesAreInTheOrderOfPaths() throws {
        let layers = try Layers(2)
        for (text, layer, path) in [
            ("new", 0, "a/new"), ("longer", 0, "a/changed"), ("x", 1, "a/changed"), ("x", 1, "b/same"), ("n", 0, "c"),
        ] { try layers.write(text, layer, path) }
        let changes = try LayerChanges.list(upper: layers.paths[0], layers: [layers.paths[1]])
        #expect(changes.map { "\($0.kind.rawValue) \($0.path)" } == ["C /a", "C /a/changed", "A /a/new", "A /c"])
    }

    @Test func depth() throws {
        Descriptor.raiseLimit()
        let layers = try Layers(1)
        try makeDeep(2000, below: layers.paths[0])
        let changes = try LayerChanges.list(upper: layers.paths[0], layers: [])
        #expect(changes.count == 2000 && changes.last?.path.utf8.count == 4000)
        #expect(zip(changes, changes.dropFirst()).allSatisfy { $0.path + "/d" == $1.path })
    }

    /// No path leads there.
    @Test func moreThanThat() throws {
        Descriptor.raiseLimit()
        let layers = try Layers(1)
        try makeDeep(5000, below: layers.paths[0])
        var failure: OperationError?
        do throws(OperationError) { _ = try LayerChanges.list(upper: layers.paths[0], layers: []) } catch {
            failure = error
        }
        #expect(failure?.errno == ENAMETOOLONG)
    }
}
