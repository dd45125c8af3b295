import Core
import Glibc
import Linux
import Testing

@testable import Images

/// Directories that an archive has files in, and does not name.
@Suite struct ImpliedDirectoryTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Two layers, of which the upper one names only files of `tmp` and of `own`.
    private func layers() throws -> (lower: String, upper: String) {
        var lower = Tar()
        lower.add("tmp", type: "5", mode: 0o1777, mtime: 1_000_000_000)
        lower.add("file", body: "no directory")
        var upper = Tar()
        upper.add("tmp/new", body: "new")
        upper.add("own/new", body: "new")
        upper.add("own", type: "5", mode: 0o700)
        upper.add("file/new", body: "new")
        let directories = try published([lower, upper])
        return (directories[0], directories[1])
    }

    /// - Parameter tars: lowest first, of which that one names all its directories.
    /// - Returns: the layers, lowest first.
    private func published(_ tars: [Tar]) throws -> [String] {
        let store = scratch.store
        let workspace = try store.workspace()
        var draft = ImageDraft()
        for (number, tar) in tars.enumerated() {
            let path = try scratch.write("\(number).tar", tar.finished)
            let input = try ImageStore.open(path)
            let budget = UnpackBudget(size: 1 << 20)
            draft.layers.append(
                try store.unpack(input, named: path, layer: number, within: budget, in: workspace))
        }
        #expect(!draft.layers[0].hasImpliedDirectories)
        _ = try store.publish(draft, as: "x:1", in: workspace)
        return try #require(try store.resolve("x:1")).layerDirectories.reversed()
    }

    /// Only who may set such attributes can mark what is to be settled.
    private var mayMark: Bool { geteuid() == 0 }

    @Test func theyAreLikeThoseBelow() throws {
        let (lower, upper) = try layers()
        let tmp = try #require(Files.status(upper + "/tmp"))
        if mayMark {
            #expect(tmp.st_mode == S_IFDIR | 0o1777 && tmp.st_mtim.tv_sec == 1_000_000_000)
        }
        #expect(Files.status(lower + "/tmp")?.st_mode == S_IFDIR | 0o1777)
        // Named after what is in it; and what was a file below.
        #expect(Files.status(upper + "/own")?.st_mode == S_IFDIR | 0o700)
        #expect(Files.status(upper + "/file")?.st_mode == S_IFDIR | 0o755)
        for name in ["tmp", "own", "file"] {
            let directory = try Descriptor.open("\(upper)/\(name)", O_RDONLY | O_DIRECTORY)
            #expect(directory.attribute("trusted.mydocker.implied", limit: 8) == nil)
        }
    }

    /// What an opaque directory hides says nothing of what is there anew.
    @Test func theyAreNotLikeWhatIsHidden() throws {
        guard mayMark else { return }
        var lower = Tar()
        for name in ["own", "own/in", "between", "between/in", "plain", "plain/in"] {
            lower.add(name, type: "5", mode: name.hasSuffix("/in") ? 0o700 : 0o711)
        }
        var middle = Tar()
        middle.add("between", type: "5", mode: 0o755)
        middle.add("between/.wh..wh..opq")
        var upper = Tar()
        upper.add("own/.wh..wh..opq")
        for name in ["own", "between", "plain"] { upper.add("\(name)/in/file", body: "new") }
        let top = try published([lower, middle, upper])[2]
        #expect(Files.status(top + "/own")?.st_mode == S_IFDIR | 0o711)
        #expect(Files.status(top + "/own/in")?.st_mode == S_IFDIR | 0o755)
        #expect(Files.status(top + "/between")?.st_mode == S_IFDIR | 0o755)
        #expect(Files.status(top + "/between/in")?.st_mode == S_IFDIR | 0o755)
        #expect(Files.status(top + "/plain/in")?.st_mode == S_IFDIR | 0o700)
    }

    @Test func whatIsTooLargeIsRefused() throws {
        var tar = Tar()
        for number in 0..<5 { tar.add("f\(number)", body: "x") }
        let path = try scratch.write("a.tar", tar.finished)
        let few = UnpackBudget(size: 1 << 20, entries: 4)
        let failure = error { _ = try scratch.store.importArchive(path, as: nil, within: few) }
        #expect(failure?.cause == .reason("it has more than 4 entries") && failure?.kind == .exhausted)
        let small = UnpackBudget(size: 4096)
        let other = error { _ = try scratch.store.importArchive(path, as: nil, within: small) }
        #expect(other?.cause == .reason("it is larger than 4KiB"))
        // Directories that are made for what is in them count: a short archive may have very many.
        var deep = Tar()
        deep.add("a/b/c/d/e", body: "x")
        let below = try scratch.write("deep.tar", deep.finished)
        let four = UnpackBudget(size: 1 << 20, entries: 4)
        let third = error { _ = try scratch.store.importArchive(below, as: nil, within: four) }
        #expect(third?.cause == .reason("it has more than 4 entries"))
        try scratch.expectClean(images: 0)
        let enough = UnpackBudget(size: 1 << 20, entries: 5)
        _ = try scratch.store.importArchive(path, as: Reference("x"), within: enough)
        // What stands apart counts only where it is said so, and has no more than what is left.
        let whole = UnpackBudget(size: 1 << 20, entries: 5)
        _ = try scratch.store.importArchive(path, as: nil, within: whole.apart())
        let part = whole.apart()
        _ = try scratch.store.importArchive(path, as: nil, within: part)
        try whole.spend(part, of: "x")
        let rest = error { _ = try scratch.store.importArchive(path, as: nil, within: whole.apart()) }
        #expect(rest?.cause == .reason("it has more than 5 entries"))
        #expect(error { try whole.spend(part, of: "x") }?.kind == .exhausted)
        // Sums that do not fit are too large, too.
        #expect(error { try small.check([.max, .max], of: "x") }?.kind == .exhausted)
    }
}
