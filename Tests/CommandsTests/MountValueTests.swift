import Core
import Testing

@testable import Commands

@Suite struct MountValueTests {
    @Test func forms() throws {
        #expect(
            try MountValue(parsing: "type=bind,source=/a,target=/b/./c")
                == .bind(BindMount(source: "/a", target: "/b/c", readOnly: false, makesSource: false)))
        for readOnly in ["ro", "readonly", "readonly=true", "ro=1"] {
            #expect(
                try MountValue(parsing: "\(readOnly),type=bind,src=/a,dst=/b,bind-propagation=rprivate")
                    == .bind(BindMount(source: "/a", target: "/b", readOnly: true, makesSource: false)))
        }
        #expect(
            try MountValue(parsing: #"type=bind,"source=./a,""b",destination=/b,ro=false"#, relativeTo: { "/home" })
                == .bind(BindMount(source: #"/home/a,"b"#, target: "/b", readOnly: false, makesSource: false)))
        #expect(
            try MountValue(parsing: "type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770,ro")
                == .temporary(
                    TemporaryMount(target: "/t", data: "size=67108864,mode=1770", isExecutable: false, readOnly: true)))
    }

    @Test(arguments: [
        ("", "invalid field '' must be a key=value pair"), ("/a:/b", "invalid field '/a:/b' must be a key=value pair"),
        ("type=bind,source=/a", "target is required"), ("type=bind,target=/a", "source is required for type bind"),
        ("source=/a,target=/b", "named volumes are not supported: use type=bind or type=tmpfs"),
        ("type=volume,source=a,target=/b", "named volumes are not supported: use type=bind or type=tmpfs"),
        ("type=npipe,source=a,target=/b", "mount type npipe is not supported: use type=bind or type=tmpfs"),
        ("type=bind,source=/a,target=/b,ro=maybe", "invalid value for ro: maybe"),
        ("type=bind,source=/a,target=/b,what=1", "unexpected key 'what' in 'what=1'"),
        ("type=bind,source=/a,target=/b,tmpfs-size=1m", "cannot mix 'tmpfs-size' with mount type 'bind'"),
        ("type=tmpfs,source=/a,target=/b", "source must not be given for type tmpfs"),
        ("type=tmpfs,target=/b,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"),
        ("type=tmpfs,target=/", "the target must be an absolute path below / without .."),
        (
            "type=bind,source=/a,target=/b,bind-propagation=rshared",
            "'bind-propagation' is not supported: a bind has all that is mounted below it, and is private"
        ),
        ("type=bind,\"source=/a,target=/b", "a quote is not closed"),
    ])
    func whatIsNone(text: String, message: String) {
        let error = #expect(throws: OperationError.self) { try MountValue(parsing: text) }
        #expect(error?.description == message)
    }
}
