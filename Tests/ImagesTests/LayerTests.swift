import Core
import Foundation
import Linux
import Testing

@testable import Images

@Suite struct LayerTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// The unpacked layer of an archive.
    private func unpack(_ tar: Tar) throws -> String {
        let path = try scratch.write("a.tar", tar.finished)
        _ = try scratch.store.importArchive(path, as: Reference("x"))
        return try #require(try scratch.store.resolve("x")).layerDirectories[0]
    }

    private func attribute(_ name: String, _ path: String) -> String? {
        Attribute.get(name, of: path).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: hostile archives

    @Test(arguments: ["../x", "a/../../x", "/../x", "a/b/../x"]) func namesThatLeadOutAreRefused(_ name: String) throws
    {
        var tar = Tar()
        tar.add(name, body: "x")
        let failure = error { _ = try unpack(tar) }
        #expect(failure?.operation == "restore \"\(name)\" of")
        #expect(failure?.cause == .reason("the name leads out of the archive"))
        #expect(try scratch.store.list().isEmpty)
        try scratch.expectClean(images: 0)
    }

    @Test func absoluteNamesAreTakenFromTheRoot() throws {
        var tar = Tar()
        tar.add("/etc/passwd", body: "root")
        tar.add(".//opt/./a", body: "a")
        let root = try unpack(tar)
        #expect(Files.text(root + "/etc/passwd") == "root")
        #expect(Files.text(root + "/opt/a") == "a")
    }

    @Test func symbolicLinksDoNotLeadOut() throws {
        let outside = scratch.file("outside")
        try Files.makeDirectory(outside)
        var tar = Tar()
        tar.symlink("absolute", to: outside)
        tar.symlink("relative", to: "../../../../../../../../../.." + outside)
        tar.symlink("chain", to: "absolute")
        tar.add("absolute/a", body: "a")
        tar.add("relative/b", body: "b")
        tar.add("chain/c", body: "c")
        tar.symlink("file", to: outside + "/d")
        tar.add("file", body: "d")
        _ = try unpack(tar)
        #expect(try Files.names(in: outside).isEmpty)
    }

    @Test func symbolicLinksInsideWork() throws {
        var tar = Tar()
        tar.directory("usr/lib")
        tar.symlink("lib", to: "/usr/lib")
        tar.add("lib/a.so", body: "a")
        tar.hardlink("b.so", to: "lib/a.so")
        let root = try unpack(tar)
        #expect(Files.text(root + "/usr/lib/a.so") == "a")
        #expect(Files.status(root + "/b.so")?.st_nlink == 2)
        #expect(Files.link(root + "/lib") == "/usr/lib")
    }

    @Test func hardLinksStayInside() throws {
        let outside = try scratch.write("secret", Array("secret".utf8))
        for target in [outside, "../../../../../../../.." + outside] {
            var tar = Tar()
            tar.hardlink("stolen", to: target)
            #expect(error { _ = try unpack(tar) } != nil)
            unlink(scratch.file("a.tar"))
        }
        var tar = Tar()
        tar.symlink("door", to: scratch.path)
        tar.hardlink("stolen", to: "door/secret")
        #expect(error { _ = try unpack(tar) } != nil)
        #expect(Files.status(outside)?.st_nlink == 1)
    }

    /// Who may make no devices has none; what has the number of a whiteout is none.
    @Test func devicesAndPipesAreKept() throws {
        var tar = Tar()
        tar.add("sda", type: "4", device: (8, 0))
        tar.add("null", type: "3", device: (1, 3))
        tar.add("pipe", type: "6", mode: 0o622)
        tar.add("whiteout", type: "3", device: (0, 0))
        let root = try unpack(tar)
        let mayMake = Self.mayMakeDevices(in: scratch.path)
        #expect(try Set(Files.names(in: root)) == (mayMake ? ["null", "pipe", "sda"] : ["pipe"]))
        if mayMake {
            #expect(Files.status(root + "/sda").map { ($0.st_mode, $0.st_rdev) } ?? (0, 0) == (S_IFBLK | 0o644, 8 << 8))
            #expect(Files.status(root + "/null").map { ($0.st_mode, $0.st_rdev) } ?? (0, 0) == (S_IFCHR | 0o644, 259))
        }
        #expect(Files.status(root + "/pipe").map { $0.st_mode } == S_IFIFO | 0o622)
    }

    private static func mayMakeDevices(in directory: String) -> Bool {
        mknod(directory + "/probe", S_IFCHR | 0o600, 259) == 0
    }

    @Test func attributesOfTheOverlayAreNotTakenFromArchives() throws {
        var tar = Tar()
        tar.addPax([("SCHILY.xattr.trusted.overlay.redirect", "/etc"), ("SCHILY.xattr.user.note", "kept")])
        tar.directory("d")
        let root = try unpack(tar)
        #expect(attribute("trusted.overlay.redirect", root + "/d") == nil)
        #expect(attribute("user.note", root + "/d") == "kept")
    }

    @Test func veryDeepNames() throws {
        var tar = Tar()
        tar.addPax([("path", String(repeating: "a/", count: 2000) + "f")])
        tar.add("short", body: "x")
        // Depth costs neither stack nor descriptors; what is too deep to be removed again would be worse.
        let root = try unpack(tar)
        #expect(Files.isDirectory(root + "/a/a/a"))
    }

    @Test func entriesReplaceEarlierOnes() throws {
        var tar = Tar()
        tar.add("a", body: "file")
        tar.directory("a")
        tar.add("a/b", body: "b")
        tar.directory("c")
        tar.symlink("c", to: "a")
        tar.add("c/d", body: "d")
        tar.add("twice", body: "longer content")
        tar.add("twice", body: "short")
        let root = try unpack(tar)
        #expect(Files.text(root + "/a/b") == "b")
        #expect(Files.text(root + "/a/d") == "d")
        #expect(Files.text(root + "/twice") == "short")
    }

    /// What replaces it may be a link: nothing that the tree had is looked for behind that.
    @Test func aTreeIsReplaced() throws {
        var tar = Tar()
        tar.directory("tmp", mode: 0o1777)
        tar.add("tmp/kept", body: "kept")
        tar.directory("a")
        tar.add("a/b/c", body: "c")
        tar.directory("a/b/d/e/f/g")
        tar.directory("a/b/d/e/h")
        tar.symlink("a/b/d/e/f/out", to: "/tmp")
        tar.symlink("a", to: "tmp")
        tar.add("a/new", body: "new")
        tar.add("file/x/y/z", body: "z")
        tar.add("file", body: "short")
        let root = try unpack(tar)
        #expect(Files.link(root + "/a") == "tmp" && Files.text(root + "/file") == "short")
        #expect(try Files.names(in: root + "/tmp").sorted() == ["kept", "new"])
    }

    // MARK: fidelity

    @Test func metadataIsKept() throws {
        var tar = Tar()
        tar.directory("./", mode: 0o711)
        tar.add("usr/bin/su", mode: 0o4755, uid: 0, gid: 42, mtime: 1_234_567_890, body: "su")
        tar.addPax([
            (
                "SCHILY.xattr.security.capability",
                "\u{1}\u{0}\u{0}\u{2}\u{0} \u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"
            )
        ])
        tar.add("usr/bin/ping", mode: 0o755, uid: 1000, gid: 1001, body: "ping")
        tar.add("spool", type: "5", mode: 0o3775, uid: 5, gid: 6, mtime: 1_100_000_000)
        tar.add("spool/in", body: "later than its directory")
        tar.add("lnk", type: "2", uid: 7, gid: 8, mtime: 1_200_000_000, link: "spool")
        tar.addPax([("mtime", "1300000000.123456789"), ("path", "日本/grün")])
        tar.add("short", body: "x")
        let root = try unpack(tar)
        let su = try #require(Files.status(root + "/usr/bin/su"))
        #expect(su.st_mode & 0o7777 == 0o4755 && su.st_gid == 42 && su.st_mtim.tv_sec == 1_234_567_890)
        #expect(attribute("security.capability", root + "/usr/bin/ping")?.utf8.count == 20)
        #expect(Files.status(root + "/usr/bin/ping")?.st_uid == 1000)
        let spool = try #require(Files.status(root + "/spool"))
        #expect(spool.st_mode & 0o7777 == 0o3775 && spool.st_uid == 5 && spool.st_mtim.tv_sec == 1_100_000_000)
        let link = try #require(Files.status(root + "/lnk", followLinks: false))
        #expect(link.st_uid == 7 && link.st_mtim.tv_sec == 1_200_000_000)
        #expect(Files.status(root + "/日本/grün")?.st_mtim.tv_nsec == 123_456_789)
        #expect(Files.status(root).map { $0.st_mode & 0o7777 } == 0o711)
        #expect(Files.status(root + "/usr").map { $0.st_mode & 0o7777 } == 0o755)
    }

    @Test func sparseFilesOfGNUTar() throws {
        let source = scratch.file("source")
        try Files.makeDirectory(source)
        try run(
            "sh", "-c", "cd '\(source)' && truncate -s 3M s && echo x >>s && truncate -s 5M s && tar -S -cf ../a.tar .")
        _ = try scratch.store.importArchive(scratch.file("a.tar"), as: Reference("x"))
        let root = try #require(try scratch.store.resolve("x")).layerDirectories[0]
        #expect(try run("cmp", source + "/s", root + "/s").code == 0)
    }

    // MARK: whiteouts

    @Test func whiteoutsOfAnArchiveBecomeTheOverlays() throws {
        var tar = Tar()
        tar.add(".wh.gone")
        tar.directory("d")
        tar.add("d/.wh..wh..opq")
        tar.add("d/new", body: "new")
        tar.add(".wh..wh.plnk", type: "5")
        tar.directory("again")
        tar.add(".wh.again")
        tar.add(".wh.later")
        tar.add("later/f", body: "f")
        tar.add("file", body: "kept")
        tar.add(".wh.file")
        let root = try unpack(tar)
        let gone = try #require(Files.status(root + "/gone", followLinks: false))
        #expect(gone.st_mode & S_IFMT == S_IFCHR && gone.st_rdev == 0)
        for name in ["d", "again", "later"] { #expect(attribute("trusted.overlay.opaque", "\(root)/\(name)") == "y") }
        #expect(Files.text(root + "/later/f") == "f")
        #expect(Files.text(root + "/file") == "kept")
        #expect(try Files.names(in: root).sorted() == ["again", "d", "file", "gone", "later"])
    }

    @Test(arguments: [".wh.", ".wh..", ".wh...", "d/.wh..."]) func whiteoutsOfNothing(_ name: String) throws {
        var tar = Tar()
        tar.add(name)
        #expect(error { _ = try unpack(tar) }?.cause == .reason("the whiteout names no file"))
    }
}
