import Core
import Foundation
import Glibc
import Testing

@testable import Containers

@Suite struct UserDatabaseTests {
    private let database = UserDatabase(
        passwd: Array(
            """
            # comment
            root:x:0:0:root:/root:/bin/sh
            broken:x:12
            signed:x:+5:0::/:/bin/sh
            huge:x:4294967295:0::/:/bin/sh
            nul\0:x:7:7::/:/bin/sh
            app:x:1000:1001:App:/home/app:/bin/sh
            twin:x:1000:1002::/home/twin:/bin/sh
            bare:x:1003:1003:::
            2000:x:0:0::/root:/bin/sh
            no-newline:x:1004:1004::/n:/bin/sh
            """.utf8),
        group: Array(
            "root:x:0:\nwheel:x:10:root,app\napp:x:1001:app\naudio:x:29:app,twin,\nbad:x:-1:app\nshort:x\n".utf8))

    private func user(_ uid: UInt32, _ groups: [UInt32], _ home: String) -> ResolvedUser {
        ResolvedUser(uid: uid, gid: groups.first ?? 0, groups: groups, home: home)
    }

    @Test func furtherGroups() throws {
        #expect(
            try database.resolve("app", adding: ["audio", "wheel", "7777", "audio"])
                == user(1000, [1001, 10, 29, 7777], "/home/app"))
        #expect(try database.resolve("0:0", adding: ["app"]) == user(0, [0, 1001], "/root"))
        for group in ["nosuch", "-1", "a b", "01"] {
            #expect(throws: OperationError.self) { try database.resolve("", adding: [group]) }
        }
    }

    @Test func resolves() throws {
        #expect(try database.resolve("") == user(0, [0, 10], "/root"))
        #expect(try database.resolve("root") == user(0, [0, 10], "/root"))
        #expect(try database.resolve("0") == user(0, [0, 10], "/root"))
        #expect(try database.resolve("app") == user(1000, [1001, 10, 29], "/home/app"))
        #expect(try database.resolve("1000") == user(1000, [1001, 10, 29], "/home/app"))
        #expect(try database.resolve("twin") == user(1000, [1002, 29], "/home/twin"))
        #expect(try database.resolve("app:audio") == user(1000, [29], "/home/app"))
        #expect(try database.resolve("app:4242") == user(1000, [4242], "/home/app"))
        #expect(try database.resolve("1000:wheel") == user(1000, [10], "/home/app"))
        #expect(try database.resolve("5000") == user(5000, [0], "/"))
        #expect(try database.resolve("5000:6000") == user(5000, [6000], "/"))
        #expect(try database.resolve("2147483647") == user(2_147_483_647, [0], "/"))
        #expect(try database.resolve("bare") == user(1003, [1003], "/"))
        #expect(try database.resolve("no-newline") == user(1004, [1004], "/n"))
    }

    /// A comment in Latin-1, and a member whose name is no UTF-8, take nothing from anybody else.
    @Test func F7_fieldsAreBytes() throws {
        let odd = UserDatabase(
            passwd: Array("app:x:1000:1000:Jos".utf8) + [0xe9] + Array(":/home/".utf8) + [0xe8]
                + Array(":/bin/sh\nb".utf8) + [0xfc] + Array(":x:1001:1001:::\ncafe\u{301}:x:1002:1002:::\n".utf8),
            group: Array("staff:x:50:b".utf8) + [0xfc] + Array(",app\n".utf8))
        let app = try odd.resolve("app")
        #expect(app == user(1000, [1000, 50], String(kernel: Array("/home/".utf8) + [0xe8])))
        #expect(try odd.resolve("1000") == app)
        #expect(try odd.resolve(String(kernel: [0x62, 0xfc])) == user(1001, [1001, 50], "/"))
        #expect(try odd.resolve("cafe\u{301}") == user(1002, [1002], "/"))
        // The same to Unicode, but other bytes: another name.
        #expect(throws: OperationError.self) { try odd.resolve("caf\u{e9}") }
    }

    @Test func aNumberIsNeverAName() throws {
        #expect(try database.resolve("2000") == user(2000, [0], "/"))
    }

    @Test func needsNoFiles() throws {
        let none = UserDatabase(passwd: [], group: [])
        #expect(try none.resolve("") == user(0, [0], "/"))
        #expect(try none.resolve("7:8") == user(7, [8], "/"))
    }

    @Test(arguments: ["bob", "1000abc", "broken", "signed", "huge", "x1000", "#"])
    func unknownUser(name: String) {
        #expect(throws: OperationError("unable to find user \(name): no matching entries in passwd file")) {
            try database.resolve(name)
        }
    }

    @Test(arguments: ["staff", "10x", "bad", "short"])
    func unknownGroup(name: String) {
        #expect(throws: OperationError("unable to find group \(name): no matching entries in group file")) {
            try database.resolve("app:" + name)
        }
    }

    @Test(arguments: [
        "-1", "+1", ":", ":x", "x:", "a:b:c", "1:-1", "1:+1", " 1", "1 ", "1\n", "a\0b", "0\0", "2147483648",
        "4294967296",
        "18446744073709551616", "1:2147483648", "007", "0x10:0", "\u{7f}",
    ])
    func rejects(specification: String) throws {
        let error = try #require(throws: OperationError.self) { try database.resolve(specification) }
        #expect(!error.description.contains { $0.isNewline || $0 == "\0" })
    }
}

@Suite struct UserDatabaseFileTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    private func layer(_ number: Int) -> String { "\(directory.path)/\(number)" }
    private var layers: [String] { (0..<3).map { layer($0) } }

    private func put(_ text: String, _ number: Int, _ path: String) throws {
        let file = layer(number) + "/" + path
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    }
    private func link(_ target: String, _ number: Int, _ path: String) throws {
        try put("", number, path)
        unlink(layer(number) + "/" + path)
        symlink(target, layer(number) + "/" + path)
    }
    private func read() throws -> String? {
        for path in layers { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        guard let file = try LayeredLookup(layers: layers).find("etc/passwd") else { return nil }
        let lines = try AccountFile.lines(of: file, named: "etc/passwd", with: [[]])
        return String(decoding: lines.dropLast(), as: UTF8.self)
    }

    @Test func theTopmostWins() throws {
        #expect(try read() == nil)
        try put("bottom", 2, "etc/passwd")
        #expect(try read() == "bottom")
        try put("other", 0, "etc/group")
        try put("middle", 1, "etc/passwd")
        #expect(try read() == "middle")
    }

    @Test func followsLinksThroughAllLayersAndNotOutside() throws {
        try put("moved", 2, "usr/etc/passwd")
        try link("/usr/etc", 1, "etc")
        #expect(try read() == "moved")
        try link("../../../../usr/./etc/../etc/passwd", 0, "usr/lib/passwd")
        #expect(try read() == "moved")
    }

    @Test func relativeLinks() throws {
        try put("x", 2, "run/passwd")
        try link("../../../run/passwd", 0, "etc/passwd")
        #expect(try read() == "x")
    }

    @Test func neverLeavesTheLayers() throws {
        let secret = directory.path + "/secret"
        try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
        try link(secret, 0, "etc/passwd")
        #expect(try read() == nil)
        try link("../../secret", 0, "etc/passwd")
        #expect(try read() == nil)
        try link("/proc/self/root" + secret, 0, "etc/passwd")
        #expect(try read() == nil)
    }

    @Test func linksInACircleEnd() throws {
        try link("passwd", 0, "etc/passwd")
        #expect(try read() == nil)
        unlink(layer(0) + "/etc/passwd")
        rmdir(layer(0) + "/etc")
        try link("/etc", 0, "etc")
        #expect(try read() == nil)
    }

    @Test func anythingElseThanAFileHidesWhatIsBelow() throws {
        try put("bottom", 2, "etc/passwd")
        try put("", 0, "etc/group")
        mkfifo(layer(0) + "/etc/passwd", 0o600)
        #expect(try read() == nil)
        unlink(layer(0) + "/etc/passwd")
        mkdir(layer(0) + "/etc/passwd", 0o700)
        #expect(try read() == nil)
    }

    @Test(.enabled(if: geteuid() == 0)) func aWhiteoutHidesWhatIsBelow() throws {
        try put("bottom", 2, "etc/passwd")
        try put("", 1, "etc/group")
        guard mknod(layer(1) + "/etc/passwd", S_IFCHR | 0o600, 0) == 0 else { return }
        #expect(try read() == nil)
        try put("top", 0, "etc/passwd")
        #expect(try read() == "top")
    }

    @Test(.enabled(if: geteuid() == 0)) func anOpaqueDirectoryHidesWhatIsBelow() throws {
        try put("bottom", 2, "etc/passwd")
        try put("own", 1, "etc/group")
        // Only this value is the mark.
        try #require(setAttribute("trusted.overlay.opaque", of: layer(1) + "/etc", to: "n"))
        #expect(try read() == "bottom")
        try #require(setAttribute("trusted.overlay.opaque", of: layer(1) + "/etc", to: "y"))
        #expect(try read() == nil)
        // It hides neither what is above it nor what is beside it.
        try put("beside", 2, "srv/passwd")
        try link("../srv/passwd", 0, "etc/passwd")
        #expect(try read() == "beside")
        unlink(layer(0) + "/etc/passwd")
        try put("top", 0, "etc/passwd")
        #expect(try read() == "top")
    }

    /// What lies in a mount is looked up there, and what it hides is not.
    @Test func F6_mountsHideWhatTheyCover() throws {
        try put("bottom", 2, "etc/passwd")
        try put("mounted", 1, "host/passwd")
        try put("", 0, "usr/x")
        func read(_ mounts: PlannedMount...) throws -> String? {
            guard let file = try LayeredLookup(layers: [layer(0), layer(2)], mounts: mounts).find("etc/passwd") else {
                return nil
            }
            return String(decoding: try AccountFile.lines(of: file, named: "", with: [[]]).dropLast(), as: UTF8.self)
        }
        let host = layer(1) + "/host"
        #expect(try read() == "bottom")
        #expect(try read(PlannedMount("/etc/passwd", from: host + "/passwd")) == "mounted")
        #expect(try read(PlannedMount("/etc", from: host)) == "mounted")
        #expect(try read(PlannedMount("/etc", from: nil)) == nil)
        #expect(
            try read(PlannedMount("/etc", from: nil), PlannedMount("/etc/passwd", from: host + "/passwd")) == "mounted")
        #expect(try read(PlannedMount("/etc/passwd", from: host)) == nil)
        #expect(try read(PlannedMount("/etc/passwd", from: "/dev/null")) == nil)
        #expect(try read(PlannedMount("/etc", from: layer(1) + "/missing")) == nil)
        // A link of the image leads to a mount in a directory that is only made for it.
        unlink(layer(2) + "/etc/passwd")
        try link("/new/deep/passwd", 2, "etc/passwd")
        #expect(try read(PlannedMount("/new/deep", from: host)) == "mounted")
        // A link in a mount is one of the container, not of the host.
        symlink(layer(2) + "/secret", host + "/link")
        try put("secret", 2, "secret")
        unlink(layer(2) + "/etc/passwd")
        try link("/new/deep/link", 2, "etc/passwd")
        #expect(try read(PlannedMount("/new/deep", from: host)) == nil)
    }

    @Test func S17_aLargeFileIsReadForWhatMatters() throws {
        let filler = (0..<200_000).map { "g\($0):x:\($0 + 10_000):user\($0),other\($0)\n" }.joined()
        try put("root:x:0:0::/root:\napp:x:5563:2222::/srv:\n", 0, "etc/passwd")
        try put(filler + "staff:x:50:nobody,app", 0, "etc/group")
        try #require(filler.utf8.count > 4 << 20)
        func resolve(_ user: String) throws -> ResolvedUser {
            try UserDatabase(about: user, from: .layers([layer(0)], mounts: [])).resolve(user)
        }
        let app = ResolvedUser(uid: 5563, gid: 2222, groups: [2222, 50], home: "/srv")
        #expect(try resolve("app") == app)
        #expect(try resolve("5563") == app)
        #expect(try resolve("app:g7").gid == 10_007)
        #expect(try resolve("").home == "/root")
        #expect(try resolve("4711") == ResolvedUser(uid: 4711, gid: 0, groups: [0], home: "/"))
    }

    @Test func S17_oneLineWithoutAnEndIsRefused() throws {
        try put("", 0, "etc/passwd")
        #expect(truncate(layer(0) + "/etc/passwd", 10 << 40) == 0)
        #expect(throws: OperationError("read", "etc/passwd", errno: EFBIG)) { try read() }
    }

    @Test func linesAreToldWhereverAChunkEnds() {
        let text = Array("a:1\nbb:22\n\nccc:333\nlast:22".utf8)
        for size in 1...text.count {
            var filter = LineFilter([Array("22".utf8), Array("ccc".utf8)])
            for start in stride(from: 0, to: text.count, by: size) {
                filter.add(Array(text[start..<min(start + size, text.count)]))
            }
            #expect(String(decoding: filter.finish(), as: UTF8.self) == "bb:22\nccc:333\nlast:22\n", "\(size)")
        }
    }
}

/// Swift's view of the C library lacks <sys/xattr.h>.
private func setAttribute(_ name: String, of path: String, to value: String) -> Bool {
    typealias Function =
        @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32) -> Int32
    guard let function = dlsym(nil, "lsetxattr") else { return false }
    return unsafeBitCast(function, to: Function.self)(path, name, value, value.utf8.count, 0) == 0
}
