import Foundation
import Testing

/// Hostile archives and images, and programs that change what `exec` relies on.
extension CLI.Security {
    /// A link out of the root, then a file by way of it.
    private static func through(_ link: String) -> String {
        """
        ln -s "\(link)" root/d; tar -C root -cf a.tar bin d
        rm root/d; mkdir root/d; echo x > root/d/evil; tar -C root -rf a.tar d/evil
        """
    }

    /// Archives that would write outside, or are none, each made by a line of shell beside a directory `root`.
    private static let archives: [(name: String, script: String)] = [
        ("dotdot", #"tar -P -C root -cf a.tar bin --transform "s,bin/busybox,../../../../../../../../..$OUT/evil,""#),
        ("absolute", #"tar -P -C root -cf a.tar bin --transform "s,bin/busybox,$OUT/evil,""#),
        ("link", through("$OUT")), ("uplink", through("../../../../../../../../../..$OUT")),
        ("proclink", through("/proc/self/cwd")),
        (
            "hardlink",
            #"""
            echo x > root/one; ln root/one root/two
            tar -P -C root -cf a.tar bin one two --transform "flags=h;s,^one$,../../../../../../../../..$OUT/secret,"
            """#
        ),
        (
            "absolutehardlink",
            #"ln root/bin/busybox root/two; tar -P -C root -cf a.tar bin two --transform "flags=h;s,^bin/busybox$,$OUT/secret,""#
        ),
        (
            "linkfile",
            #"""
            ln -s "$OUT/evil" root/f; tar -C root -cf a.tar bin f; rm root/f; echo x > root/f; tar -C root -rf a.tar f
            """#
        ),
        ("whiteout", #"mkdir root/w; touch "root/w/.wh..."; tar -C root -cf a.tar bin w"#),
        ("devices", "mknod root/disk b 254 0; mknod root/mem c 1 1; tar -C root -cf a.tar bin disk mem"),
        ("garbage", "head -c 100000 /bin/busybox > a.tar"), ("empty", ": > a.tar"),
        ("cut", "tar -C root -czf b.tar bin; head -c 100000 b.tar > a.tar"),
    ]

    @Test func archivesWriteNothingOutside() throws {
        try withScratch { scratch in
            let passwords = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
            for (name, script) in Self.archives {
                let directory = "\(scratch)/\(name)"
                let out = "\(scratch)/\(name)-out"
                try makeRoot(directory + "/root")
                #expect(Host.shell("mkdir \(out) && echo secret > \(out)/secret").code == 0)
                let made = Host.shell("cd \(directory) && OUT=\(out); \(script)")
                #expect(made.code == 0, "\(name): \(made.error)")
                let imported = mydocker("import", directory + "/a.tar", "sec-\(name)")
                if imported.code == 0 {
                    let inside = mydocker(
                        "run", "--rm", "--net", "none", "sec-\(name)", "/bin/busybox", "cat", "/disk", "/mem", "/two")
                    #expect(!inside.text.contains("secret"), "\(name)")
                    succeed("rmi", "sec-\(name)")
                } else {
                    #expect(imported.code == 1 && imported.error.hasPrefix("mydocker: "), "\(name): \(imported.error)")
                }
                #expect(
                    imported.code == (["dotdot", "garbage", "empty", "cut"].contains(name) ? 1 : imported.code),
                    "\(name)")
                #expect(Host.names(in: out) == ["secret"], "\(name)")
                #expect(Host.shell("stat -c %h \(out)/secret; cat \(out)/secret").lines == ["1", "secret"], "\(name)")
            }
            #expect(try String(contentsOfFile: "/etc/passwd", encoding: .utf8) == passwords)
        }
    }

    /// Attributes by which an overlay would look elsewhere for a file's content.
    @Test func attributesOfOverlaysAreNotTakenOver() throws {
        try withScratch { scratch in
            try makeRoot(scratch + "/root")
            let made = Host.shell(
                """
                cd \(scratch) && mkdir root/d root/e && \(Probe.path) attribute root/d trusted.overlay.redirect /e &&
                \(Probe.path) attribute root/e trusted.overlay.opaque y && \(Probe.path) attribute root/e user.kept yes &&
                tar -C root --xattrs --xattrs-include='*' -cf a.tar . && \(Probe.path) attributes root/d
                """)
            try #require(made.word == "trusted.overlay.redirect", "\(made.error)")
            #expect(Host.shell("grep -c trusted.overlay.redirect \(scratch)/a.tar").word != "0")
            succeed("import", scratch + "/a.tar", "sec-attributes")
            let kept = Host.shell(
                "cd /var/lib/mydocker/images/layers && for d in */d */e; do \(Probe.path) attributes $d; done")
            #expect(kept.lines == ["user.kept"], "\(kept.error)")
            succeed("rmi", "sec-attributes")
        }
    }

    /// What the configuration of an image asks for is checked like what a person asks for.
    @Test func theConfigurationOfAnImageIsChecked() throws {
        try withScratch { scratch in
            let host = scratch + "/host"
            try FileManager.default.createDirectory(atPath: host, withIntermediateDirectories: false)
            try makeRoot(scratch + "/root")
            #expect(Host.shell("tar -C \(scratch)/root -cf \(scratch)/a.tar .").code == 0)
            for (number, change) in [
                "WORKDIR /proc/self/fd/5/evil", "WORKDIR /proc/self/fd/7", "USER 0:0:0", "USER -1", "USER nosuch",
                "ENTRYPOINT [\"/proc/self/exe\"]",
            ].enumerated() {
                let name = "sec-config\(number)"
                let imported = mydocker("import", "-c", change, scratch + "/a.tar", name)
                guard imported.code == 0 else { continue }
                let outcome = Host.leaking(host, ["run", "--rm", "--net", "none", name, "sh", "-c", "pwd; id"])
                let isInside = outcome.code == 0 && outcome.lines.first?.hasPrefix(scratch) == true
                #expect((125...127).contains(outcome.code) || isInside, "\(change): \(outcome.text)")
                #expect(Host.names(in: host).isEmpty, "\(change)")
                succeed("rmi", name)
            }
        }
    }

    /// The accounts of a running container are what the container makes of them.
    @Test func CVE_2026_30892_hostileAccountsInARunningContainer() throws {
        let hostiles = [
            "mkfifo /etc/passwd", "ln -s ../../../../../../etc/shadow /etc/passwd",
            "ln -s /proc/self/environ /etc/passwd",
            "mkdir /etc/passwd", "truncate -s 2M /etc/passwd", "ln -s passwd /etc/passwd",
            "printf 'evil:x:0:0::/:/bin/sh:\\nevil:x:-1:+0::/:\\n\\nevil:x:4294967296:0::/:\\nevil:x::0::/:\\n' > /etc/passwd",
            "mv /etc /gone", "ln -s /proc/1/fd /etc/passwd",
        ]
        for hostile in hostiles {
            let name = "sec-passwd"
            try withContainer(name, "sh", "-c", "rm -f /etc/passwd /etc/group; \(hostile); echo ready; sleep 1000") {
                _ in
                waitForLog(name, "ready")
                let number = mydocker("exec", "-u", "1234", name, "cat", "/proc/self/status", seconds: 10)
                if number.code == 0 {
                    #expect(Host.status("Uid", in: number.text)?.hasPrefix("1234\t1234\t1234") == true, "\(hostile)")
                    #expect(Host.status("CapEff", in: number.text) == "0000000000000000", "\(hostile)")
                } else {
                    #expect(number.error.hasPrefix("mydocker: "), "\(hostile): \(number.error)")
                }
                let named = mydocker("exec", "-u", "daemon", name, "id", seconds: 10)
                #expect(named.code != 0 && named.text.isEmpty, "\(hostile): \(named.text)")
            }
        }
    }

    @Test(arguments: [
        "-1", "+0", "0:0:0", ":", "0:", ":0", "4294967296", "2147483648", "00", " 0", "root\n", "0x0", "nosuch",
    ])
    func CVE_2026_30892_usersThatAreNone(user: String) throws {
        let run = runOnce("-u", user, "id")
        #expect(run.code == 125 && run.text.isEmpty, "\(run.text)")
        try withContainer("sec-user", "sleep", "1000") { _ in
            let exec = mydocker("exec", "-u", user, "sec-user", "id")
            #expect(exec.code != 0 && exec.text.isEmpty, "\(exec.text)")
            #expect(exec.error.split(separator: "\n").count <= 2)
        }
    }

    /// `exec -t` opens a multiplexer that the container may have replaced.
    @Test func CVE_2025_52565_aReplacedTerminalMultiplexer() throws {
        let hostiles = [
            "ln -s /etc/evil ptmx", "ln -s /dev/null ptmx", "mkfifo ptmx", "echo x > ptmx", "mkdir ptmx",
            "mknod ptmx c 1 3", "mknod ptmx c 5 0", "true",
            // A real one, but where the link leads is the container's choice.
            "mkdir /p && mount -t devpts -o newinstance,ptmxmode=666 d /p && ln -s /p/ptmx ptmx",
        ]
        for hostile in hostiles {
            let script = "umount /dev/pts && cd /dev/pts && \(hostile) && echo ready && sleep 1000"
            try withContainer("sec-ptmx", "--privileged", "sh", "-c", script) { _ in
                waitForLog("sec-ptmx", "ready")
                let outcome = mydocker("exec", "-t", "sec-ptmx", "id", seconds: 10)
                #expect(outcome.code != 0 && outcome.text.isEmpty, "\(hostile): \(outcome.text)")
                #expect(outcome.error.hasPrefix("mydocker: "), "\(hostile): \(outcome.error)")
                #expect(mydocker("exec", "sec-ptmx", "test", "-e", "/etc/evil").code != 0, "\(hostile)")
            }
        }
        try withContainer("sec-ptmx", "sleep", "1000") { _ in
            #expect(mydocker("exec", "-t", "sec-ptmx", "tty").text.hasPrefix("/dev/pts/"))
        }
    }
}

extension CLI.Security {
    /// What is no file in an archive of images is neither made nor opened: /dev/zero would be read without end.
    @Test func archivesOfImagesHoldFilesAlone() {
        let outcome = Host.elsewhere(
            """
            exec 2>&1; m=$MYDOCKER; cd "$(mktemp -d)"; $m run --rm true
            echo x >x; tar -cf rootfs.tar x; $m import rootfs.tar ok >/dev/null; $m save ok -o ok.tar
            mkdir saved; tar -C saved -xf ok.tar; $m rmi ok >/dev/null
            layer=$(jq -r '.[0].Layers[0]' saved/manifest.json)
            hidden=$(readlink -f "saved/$layer"); hidden=${hidden#$PWD/saved/}
            tried() { timeout 20 $m load -i $1 2>&1 | sed 's/"[^"]*"/FILE/'; echo ${PIPESTATUS[0]}; }
            for kind in 'c 1 5' 'c 1 1' 'b 254 0' p; do
              rm -f saved/$hidden; mknod saved/$hidden $kind; tar -C saved -cf bad.tar .
              tried bad.tar; tried saved
            done
            rm saved/$hidden saved/manifest.json saved/oci-layout; cp rootfs.tar saved/$hidden; mknod saved/manifest.json c 1 5
            tar -C saved -cf bad.tar .; tried bad.tar; tried saved
            find /var/lib/mydocker/images -type c -o -type b | wc -l
            $m images -q | wc -l; $m system check && echo clean
            """)
        let (absent, node) = (
            "mydocker: open FILE: No such file or directory", "mydocker: open FILE: it is no regular file"
        )
        let inArchive = outcome.lines.prefix(14)
        #expect(
            Array(inArchive.prefix(12)) == [absent, "1", node, "1", absent, "1", node, "1", absent, "1", node, "1"],
            "\(outcome.text)")
        #expect(inArchive.suffix(2) == [node, "1"], "\(outcome.text)")
        #expect(outcome.lines.suffix(3) == ["0", "1", "clean"], "\(outcome.text)")
        #expect(outcome.lines.filter { $0 == "1" }.count == 11, "\(outcome.text)")
    }
}
