import Core
import Foundation
import Linux
import Testing

@testable import Images

@Suite struct CommitTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func base() throws -> Image {
        var tar = Tar()
        tar.add("etc/a", body: "a")
        let path = try scratch.write("base.tar", tar.finished)
        _ = try scratch.store.importArchive(path, as: Reference("base"), changes: ["CMD sh", "USER me"])
        return try #require(try scratch.store.resolve("base"))
    }

    /// What a container may leave in its upper directory.
    private func upper() throws -> String {
        let upper = scratch.file("upper")
        try Files.makeDirectory(upper, mode: 0o755)
        let script = """
            set -e; cd '\(upper)'; umask 022
            mkdir -p etc opaque deep/er; mknod etc/a c 0 0; mknod null c 1 3; mkfifo pipe
            echo one >one; ln one deep/two; ln -s one three; ln three deep/four
            echo s >setuid; chown 3:4 setuid; chmod 6755 setuid; touch -d @1000000000.25 setuid
            echo c >ping; setcap cap_net_raw+ep ping
            echo new >opaque/new; printf 'x' >"$(printf 'bytes-\\377')"; touch 'grün'; chmod 1777 deep
            touch -d @900000000 deep
            """
        #expect(try run("sh", "-c", script).code == 0)
        #expect(Attribute.set("trusted.overlay.opaque", of: upper + "/opaque", to: "y"))
        #expect(Attribute.set("user.note", of: upper + "/one", to: "n"))
        try run("python3", "-c", "import socket; socket.socket(socket.AF_UNIX).bind('\(upper)/sock')")
        return upper
    }

    private func commit(_ base: CommitRequest.Base, _ upper: String) throws -> Image {
        var request = CommitRequest(upperDirectory: upper, base: base, reference: try Reference("new:1"))
        request.changes = ["ENTRYPOINT [\"/e\"]", "WORKDIR /w", "EXPOSE 80"]
        request.author = "me"
        request.message = "why"
        let id = try scratch.store.commit(request)
        let image = try #require(try scratch.store.resolve("new:1"))
        #expect(image.id == id)
        return image
    }

    @Test func upperDirectoryBecomesALayer() throws {
        let base = try base()
        let image = try commit(.image(base), upper())
        #expect(image.layers.dropLast() == base.layers[...])
        let root = image.layerDirectories[0]
        let names = try run("sh", "-c", "cd '\(root)' && find . | LC_ALL=C sort").output.utf8.filter { $0 != 0xff }
        #expect(!String(decoding: names, as: UTF8.self).contains("sock"))
        #expect(Files.status(root + "/null").map { $0.st_mode & S_IFMT == S_IFCHR && $0.st_rdev == 259 } == true)
        let gone = try #require(Files.status(root + "/etc/a", followLinks: false))
        #expect(gone.st_mode & S_IFMT == S_IFCHR && gone.st_rdev == 0)
        #expect(Attribute.get("trusted.overlay.opaque", of: root + "/opaque")?.count == 1)
        #expect(Attribute.get("user.note", of: root + "/one")?.count == 1)
        #expect(Attribute.get("security.capability", of: root + "/ping")?.count == 20)
        #expect(Files.status(root + "/one")?.st_ino == Files.status(root + "/deep/two")?.st_ino)
        #expect(Files.link(root + "/three") == "one" && Files.link(root + "/deep/four") == "one")
        let setuid = try #require(Files.status(root + "/setuid"))
        #expect(setuid.st_mode & 0o7777 == 0o6755 && setuid.st_uid == 3 && setuid.st_gid == 4)
        #expect(setuid.st_mtim.tv_sec == 1_000_000_000 && setuid.st_mtim.tv_nsec == 250_000_000)
        #expect(Files.status(root + "/deep").map { $0.st_mode & 0o7777 } == 0o1777)
        #expect(Files.status(root + "/deep")?.st_mtim.tv_sec == 900_000_000)
        #expect(Files.exists(root + "/grün"))
        #expect(try run("sh", "-c", "test -f \"$(printf '\(root)/bytes-\\377')\"").code == 0)
    }

    @Test func archiveIsWhatOtherProgramsExpect() throws {
        let image = try commit(.image(base()), upper())
        let manifest = try scratch.store.readBlob(image.manifest) { json throws(RecordError) in
            try Manifest(RecordReader(json))
        }
        let blob = scratch.store.layout.blob(try #require(manifest.layers.last).digest)
        let names = try run("sh", "-c", "tar -tf '\(blob)' | tr -d '\\377'").output.split(separator: "\n")
        #expect(names.contains("etc/.wh.a"))
        #expect(names.contains("opaque/.wh..wh..opq"))
        #expect(names.contains("pipe"))
        #expect(names.contains("null"))
        #expect(try run("tar", "-xOf", blob, "deep/two", "one").code == 0)
    }

    @Test func configurationAndHistory() throws {
        let image = try commit(.image(base()), upper())
        #expect(image.config.entrypoint == ["/e"])
        #expect(image.config.command == nil)
        #expect(image.config.user == "me")
        #expect(image.config.exposedPorts == ["80/tcp"])
        let document = try scratch.store.readBlob(image.id) { json throws(RecordError) in json }
        #expect(document["author"]?.string == "me")
        #expect(document["history"]?.array?.count == 2)
        #expect(document["history"]?.array?.last?["comment"]?.string == "why")
        #expect(document["rootfs"]?["diff_ids"]?.strings == image.layers.map(\.description))
        _ = try scratch.store.remove("base")
        #expect(Files.isDirectory(try #require(image.layerDirectories.last)))
        try scratch.expectClean(images: 1)
    }

    @Test func plainRootDirectoryBecomesTheFirstLayer() throws {
        let root = scratch.file("root")
        try Files.makeDirectory(root, mode: 0o755)
        try Files.create(root + "/file", [1, 2, 3])
        let image = try commit(.directories([root]), upper())
        #expect(image.layers.count == 2)
        #expect(try Files.read(image.layerDirectories[1] + "/file") == [1, 2, 3])
    }

    /// Before anything is read.
    @Test func tooManyLayersAreRefused() throws {
        let none = scratch.file("none")
        let failure = error { _ = try commit(.directories(Array(repeating: none, count: 127)), none) }
        #expect(failure?.operation == "max depth exceeded" && failure?.kind == .exhausted)
        let other = error { _ = try commit(.directories(Array(repeating: none, count: 126)), none) }
        #expect(other?.operation == "open directory")
        try scratch.expectClean(images: 0)
    }

    @Test func whatCannotBeSaidInALayerIsRefused() throws {
        let upper = scratch.file("upper")
        try Files.makeDirectory(upper)
        try Files.create(upper + "/.wh.x", [])
        #expect(error { _ = try commit(.directories([]), upper) }?.operation == "archive \".wh.x\" of")
        unlink(upper + "/.wh.x")
        try Files.makeDirectory(upper + "/moved")
        #expect(Attribute.set("trusted.overlay.redirect", of: upper + "/moved", to: "/old"))
        #expect(error { _ = try commit(.directories([]), upper) }?.operation == "archive \"moved\" of")
        try scratch.expectClean(images: 0)
    }
}
