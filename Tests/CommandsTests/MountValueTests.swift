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
        var slave = BindMount(source: "/a", target: "/b", readOnly: false, makesSource: false)
        slave.propagation = .slaveAll
        slave.isRecursive = false
        #expect(
            try MountValue(parsing: "type=bind,src=/a,dst=/b,bind-propagation=rslave,bind-nonrecursive") == .bind(slave)
        )
        #expect(
            try MountValue(parsing: "type=bind,src=/a,dst=/b,bind-propagation=rslave,bind-recursive=disabled")
                == .bind(slave))
        #expect(
            try MountValue(parsing: "type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770,ro")
                == .temporary(
                    TemporaryMount(target: "/t", data: "size=67108864,mode=1770", isExecutable: false, readOnly: true)))
    }

    @Test func volumes() throws {
        var volume = VolumeMount(try #require(Name("data")), at: "/b")
        volume.readOnly = true
        volume.copies = false
        volume.subpath = "c/d"
        volume.labels = ["k": "v=w", "l": ""]
        volume.options = ["type": "none", "o": "bind", "device": "/srv"]
        volume.mode = "z"
        let text = """
            src=data,dst=/b/,ro,volume-nocopy,volume-subpath=./c//d,volume-label=k=v=w,volume-label=l,volume-driver=local,\
            volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/srv
            """
        #expect(try MountValue(parsing: text) == .volume(volume))
        guard case .volume(let unnamed) = try MountValue(parsing: "type=volume,target=/x") else {
            Issue.record("no volume")
            return
        }
        #expect(unnamed.isAnonymous && unnamed.copies && unnamed.name.text.utf8.count == 64)
    }

    @Test func whatVTakes() throws {
        func value(_ text: String) throws -> MountValue { try MountValue(volume: text, relativeTo: { "/home/me" }) }
        var data = VolumeMount(try #require(Name("data.1")), at: "/x")
        data.mode = "z"
        #expect(try value("data.1:/x") == .volume(data))
        data.readOnly = true
        data.copies = false
        data.mode = "ro,nocopy,Z"
        #expect(try value("data.1:/x/:ro,nocopy,Z") == .volume(data))
        guard case .volume(let unnamed) = try value("/var//lib") else {
            Issue.record("no volume")
            return
        }
        #expect(unnamed.isAnonymous && unnamed.target == "/var/lib" && unnamed.mode == "")
        var bind = BindMount(source: "/a", target: "/b", readOnly: true)
        bind.propagation = .sharedAll
        #expect(try value("/a:/b:rshared,ro") == .bind(bind))
        #expect(try value("./a:/b") == .bind(BindMount(source: "/home/me/a", target: "/b", readOnly: false)))
        for text in [
            "", ":", "x:/y", "data", "data:y", "data:/", "/", "/a/..", "data:/x:ro,rw", "data:/x:rslave",
            "/a:/b:nocopy",
            "data:/x:", "-data:/x", "da ta:/x", "data:/x:ro:rw",
        ] {
            #expect(throws: OperationError.self, "\(text)") { try value(text) }
        }
    }

    @Test(arguments: [
        ("", "invalid field '' must be a key=value pair"), ("/a:/b", "invalid field '/a:/b' must be a key=value pair"),
        ("type=bind,source=/a", "target is required"), ("type=bind,target=/a", "source is required for type bind"),
        (
            "source=/a,target=/b",
            #""/a" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed"#
        ),
        (
            "type=volume,source=a,target=/b",
            "volume name is too short, names should be at least two alphanumeric characters"
        ),
        (
            "type=npipe,source=a,target=/b",
            "mount type npipe is not supported: use type=bind, type=volume or type=tmpfs"
        ),
        ("source=aa,target=/b,bind-propagation=rslave", "cannot mix 'bind-propagation' with mount type 'volume'"),
        ("type=bind,source=/a,target=/b,volume-nocopy", "cannot mix 'volume-nocopy' with mount type 'bind'"),
        ("type=tmpfs,target=/b,volume-label=a=b", "cannot mix 'volume-label' with mount type 'tmpfs'"),
        (
            "source=aa,target=/b,volume-subpath=../x",
            "invalid volume subpath: use a path below the volume's root, without .."
        ),
        (
            "source=aa,target=/b,volume-subpath=/x",
            "invalid volume subpath: use a path below the volume's root, without .."
        ),
        ("source=aa,target=/b,volume-what=1", "unexpected key 'volume-what' in 'volume-what=1'"),
        (
            "source=aa,target=/b,volume-driver=nfs",
            #"error looking up volume plugin nfs: plugin "nfs" not found"#
        ),
        (
            "source=aa,target=/b,volume-opt=type=tmpfs,volume-opt=device=tmpfs",
            #"a volume of type "tmpfs" with the options "" is not supported"#
        ),
        ("source=aa,target=/b,volume-nocopy=perhaps", "invalid value for volume-nocopy: perhaps"),
        (
            "type=bind,source=/a,target=/b,ro,bind-recursive=writable",
            "bind-recursive=writable is not supported: what is mounted below is read-only, too"
        ),
        ("type=bind,source=/a,target=/b,ro=maybe", "invalid value for ro: maybe"),
        ("type=bind,source=/a,target=/b,what=1", "unexpected key 'what' in 'what=1'"),
        ("type=bind,source=/a,target=/b,tmpfs-size=1m", "cannot mix 'tmpfs-size' with mount type 'bind'"),
        ("type=tmpfs,source=/a,target=/b", "source must not be given for type tmpfs"),
        ("type=tmpfs,target=/b,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"),
        ("type=tmpfs,target=/", "the target must be an absolute path below / without .."),
        ("type=bind,source=/a,target=/b,bind-propagation=what", "invalid value for bind-propagation: what"),
        (
            "type=bind,\"source=/a,target=/b",
            "parse error on line 1, column 31: extraneous or missing \" in quoted-field"
        ),
        ("type=bind,source=\"/a\",target=/b", "parse error on line 1, column 18: bare \" in non-quoted field"),
    ])
    func whatIsNone(text: String, message: String) {
        let error = #expect(throws: OperationError.self) { try MountValue(parsing: text) }
        #expect(error?.description == message)
    }
}
