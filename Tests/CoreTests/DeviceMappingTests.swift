import Testing

@testable import Core

@Suite struct DeviceMappingTests {
    @Test(arguments: [
        ("/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm"), ("/dev/fuse:r", "/dev/fuse", "/dev/fuse", "r"),
        ("/dev/fuse:/x/f", "/dev/fuse", "/x/f", "rwm"), ("/dev/fuse:/x//f/.:wm", "/dev/fuse", "/x/f", "wm"),
    ])
    func forms(text: String, source: String, target: String, permissions: String) throws {
        let mapping = try DeviceMapping(parsing: text)
        #expect(mapping == DeviceMapping(source: source, target: target, permissions: permissions))
        #expect(try DeviceMapping(RecordReader(mapping.json)) == mapping)
    }

    @Test(arguments: [
        ("", "bad format for path: "), (":/x", "bad format for path: :/x"),
        ("/a:/b:r:w", "bad format for path: /a:/b:r:w"),
        ("dev/x", "dev/x is not an absolute path"), ("/dev/x:y", "y is not an absolute path"),
        ("/dev/x:rr", "rr is not an absolute path"), ("/dev/x:/y:rr", "bad mode specified: rr"),
        ("/dev/x:/y:", "bad mode specified: "), ("/dev/x:/y:q", "bad mode specified: q"),
        ("/dev/x:/../y", "bad format for path: /dev/x:/../y"), ("/dev/x:/", "bad format for path: /dev/x:/"),
    ])
    func whatIsNone(text: String, message: String) {
        let error = #expect(throws: OperationError.self) { try DeviceMapping(parsing: text) }
        #expect(error?.description == message)
    }

    @Test func F3_twoSpellingsAreOneTarget() throws {
        #expect(MountTarget.normalized("//x/./y/") == "/x/y")
        for text in ["", "/", "x", "/.", "/x/..", "/../x"] { #expect(MountTarget.normalized(text) == nil, "\(text)") }
        #expect(try BindMount(parsing: "/a:/b//./c/").target == "/b/c")
        #expect(try TemporaryMount(parsing: "/b//./c/").target == "/b/c")
    }
}
